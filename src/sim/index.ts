export * from './lead-time.ts'
export * from './service.ts'
export * from './service-config.ts'
