"""How gunicorn serves here.

It closes a connection in its one loop and waits there, for two seconds at most, until the client has closed, too. isahc's thread
sleeps while it has no request, and leaves a TLS connection half closed until its next one: five of those, and nobody else
is answered for ten seconds. So a connection is closed at once.
"""

from gunicorn import util

util.close_graceful = util.close

worker_class = "gthread"
threads = 8
timeout = 200
control_socket_disable = True
