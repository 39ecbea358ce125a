export * from './http.ts'
export * from './secret.ts'
export * from './server.ts'
