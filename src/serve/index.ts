/** Doors of the running loop: metrics and health over HTTP, a local socket for the command line. */
export * from './http.ts'
export * from './metrics.ts'
export * from './socket.ts'
