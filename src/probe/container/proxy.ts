/** The proxy that lets the five paths of `container@1` through, as a server of nginx. */

/** `listen`: `127.0.0.1:2375`. `socket`: of the engine. */
export function nginxServer(listen: string, socket: string): string {
  return `server {
  listen ${listen};
  location / { return 403; }
  location ~ ^/v1[.][0-9]+/(info|containers/json|containers/[0-9a-f]+/json|volumes/[A-Za-z0-9_.-]+|images/sha256:[0-9a-f]+/json)$ {
    limit_except GET { deny all; }
    proxy_pass http://unix:${socket};
  }
}
`;
}
