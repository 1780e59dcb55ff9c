"""Keys under which the frame and the guard leave what they found in the ASGI scope."""

REQUEST_ID = "watchkeeper.request_id"
"""The request's id: the client's own if it is sane, else drawn."""

ROUTE = "watchkeeper.route"
"""The template of the matched route (``/api/users/{user_id}``), for metrics and logs."""

RULE = "watchkeeper.rule"
"""What the matched route asks for (``watchkeeper.api.web.rules.Rule``)."""
