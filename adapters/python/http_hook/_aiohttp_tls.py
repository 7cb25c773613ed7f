"""What aiohttp takes for TLS."""

from __future__ import annotations

import ssl
from typing import Any

_contexts: dict[tuple[Any, Any], Any] = {}


def tls(verify: Any, cert: Any) -> Any:
    """Returns what aiohttp takes for `ssl`; contexts are kept, for making one takes long."""
    if cert is None and verify is True:
        return True
    if cert is None and verify is False:
        return False
    key = (verify, cert)
    if key not in _contexts:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        if verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert is not None:
            context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
        if len(_contexts) >= 64:
            _contexts.clear()
        _contexts[key] = context
    return _contexts[key]
