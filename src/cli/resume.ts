export { resumeCommand as command } from './pause.ts'
