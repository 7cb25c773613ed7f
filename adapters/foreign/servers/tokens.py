"""Wires Authlib's OAuth 2.0 server to a resource: any client may ask, each has tokens of its own.

A client whose name begins with `brief` gets tokens that live for two seconds. `/sink` counts the bytes that it gets.
"""

import secrets
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenGenerator, BearerTokenValidator
from flask import Flask, jsonify, request

app = Flask(__name__)
tokens = []  # in the order in which they were handed out


class Client(ClientMixin):
    def __init__(self, name):
        self.name = name

    def get_client_id(self):
        return self.name

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_client_secret(self, client_secret):
        return client_secret == "s3cret/+%"

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type):
        return grant_type in ("client_credentials", "refresh_token")


class Token(TokenMixin):
    def __init__(self, client, access, refresh, scope, life):
        self.client, self.access, self.refresh, self.scope = client, access, refresh, scope
        self.life, self.end = life, time.time() + life
        self.revoked = False

    def check_client(self, client):
        return client.name == self.client

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.life

    def is_expired(self):
        return time.time() >= self.end

    def is_revoked(self):
        return self.revoked


class Refresh(grants.RefreshTokenGrant):
    INCLUDE_NEW_REFRESH_TOKEN = True
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def authenticate_refresh_token(self, refresh_token):
        return next((token for token in tokens if token.refresh == refresh_token), None)

    def authenticate_user(self, refresh_token):
        return refresh_token.client

    def revoke_old_credential(self, refresh_token):
        refresh_token.refresh, refresh_token.revoked = None, True


class Credentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]


class Validator(BearerTokenValidator):
    def authenticate_token(self, token_string):
        return next((token for token in tokens if token.access == token_string), None)


def keep(token, asked):
    refresh = token.get("refresh_token")
    scope, life = token.get("scope", ""), token["expires_in"]
    tokens.append(Token(asked.client.name, token["access_token"], refresh, scope, life))


def fresh(**_):
    return secrets.token_urlsafe(24)


def life(client, grant_type):
    return 2 if client.name.startswith("brief") else 3600


server = AuthorizationServer(app, Client, keep)
server.register_token_generator("default", BearerTokenGenerator(fresh, fresh, life))
server.register_grant(Credentials)
server.register_grant(Refresh)
protect = ResourceProtector()
protect.register_token_validator(Validator())


@app.post("/token")
def token():
    return server.create_token_response()


@app.route("/api", methods=["GET", "POST"])
@protect()
def api():
    return jsonify(body=request.get_data(as_text=True))


def of(client):
    return [token for token in tokens if token.client == client]


@app.get("/count/<client>")
def count(client):
    return str(len(of(client)))


@app.post("/revoke/<client>")
def revoke(client):
    for token in of(client):
        token.revoked = True
    return ""


@app.post("/seed/<client>")
def seed(client):
    """Hands out a first refresh token, as a person's login would."""
    refresh = secrets.token_urlsafe(24)
    tokens.append(Token(client, secrets.token_urlsafe(24), refresh, "", 3600))
    return refresh


@app.post("/sink")
def sink():
    count = 0
    while piece := request.stream.read(1 << 16):
        count += len(piece)
    return str(count)
