/** JSON Schema of `prescale.yaml`, for editors: `# yaml-language-server: $schema=…`. Made from the schema that reads. */
import { z } from 'zod'
import { config } from './schema.ts'
import { shared } from './share.ts'
import { type Settings, shorthandOf, singulars } from './shorthand.ts'

/** `sections` are names at the top that belong to commands. */
export function configJsonSchema(sections: readonly string[] = []): Settings {
  const made = z.toJSONSchema(config, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => ours(zodSchema, jsonSchema)
  })
  const root = made as Settings & { readonly properties: Settings }
  const others = Object.fromEntries(sections.map((name) => [name, { type: ['object', 'null'] }]))
  const whole: Settings = JSON.parse(
    JSON.stringify({
      ...root,
      title: 'prescale.yaml',
      description: 'Settings of Prescale',
      properties: { ...root.properties, ...others }
    })
  )
  return shared(whole)
}

/** What JSON Schema is not told by the kinds: names are closed, one thing may stand for a list, words for settings. */
function ours(schema: z.core.$ZodType, json: z.core.JSONSchema.BaseSchema): void {
  if (schema instanceof z.ZodObject) closed(json)
  const shorthand = shorthandOf(schema)
  if (shorthand?.json === undefined && shorthand?.forms === undefined) return
  const { description, default: given, ...meant } = json
  for (const name of Object.keys(json)) delete json[name]
  const forms = shorthand.forms?.(meant) ?? [shorthand.json, meant]
  Object.assign(json, { description, default: given, anyOf: forms })
}

function closed(json: z.core.JSONSchema.BaseSchema): void {
  json.additionalProperties = false
  const properties = json.properties ?? {}
  for (const [plural, singular] of Object.entries(singulars)) {
    const setting = properties[plural]
    if (setting === undefined || properties[singular] !== undefined) continue
    properties[singular] = setting
    // Under one name or the other.
    if (!json.required?.includes(plural)) continue
    json.required = json.required.filter((name) => name !== plural)
    json.oneOf = [{ required: [plural] }, { required: [singular] }]
  }
  if (json.required?.length === 0) delete json.required
}
