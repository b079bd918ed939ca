"""`/docs`: the API reference, by Swagger UI from node_modules, as a page may reach no CDN."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from infra.local.gateway.settings import Settings

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Dokker API</title>
  <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
  <link rel="icon" href="data:,">
  <style>body { margin: 0 } html.dark-mode { background: #1c2022; color-scheme: dark }</style>
</head>
<body>
  <div id="reference"><noscript>The reference is drawn by JavaScript; the document is /openapi.json.</noscript></div>
  <script src="/docs/assets/swagger-ui-bundle.js"></script>
  <script>
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
    dark.addEventListener("change", follow);
    follow();
    SwaggerUIBundle({
      url: "/openapi.json", dom_id: "#reference", deepLinking: true, filter: true, docExpansion: "list",
      persistAuthorization: true, displayRequestDuration: true, validatorUrl: null,
    });
  </script>
</body>
</html>
"""


def routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes of the reference. Without `npm ci` its files are 404."""
    return [
        Route("/docs", _page),
        Mount("/docs/assets", StaticFiles(directory=settings.swagger_ui, check_dir=False)),
    ]


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE)
