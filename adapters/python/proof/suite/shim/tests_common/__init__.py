"""Stands in for Airflow's own package of test helpers, which cannot be installed outside of its repository."""
