#!/usr/bin/env node
// Plain old JavaScript, so that an old Node can say what it lacks instead of failing on syntax.
var major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    'prescale: needs Node.js 24 or newer, this is ' +
      process.versions.node +
      '; install it or run: npx -y node@24 ' +
      process.argv[1]
  )
  process.exit(2)
}
import('../dist/cli/main.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  if (/dist[\\/]cli[\\/]main\.js' imported from/.test(error.message)) {
    console.error(
      'prescale: this clone is not built; run: npm ci && npm run build; or unbuilt: npm run -s prescale -- COMMAND'
    )
  } else console.error('prescale: %s; run: npm ci', error.message.split('\n')[0])
  process.exit(2)
})
