import * as z from 'zod'
import { fileShape } from './shape.ts'

/**
 * The JSON Schema of the configuration file, draft 7, which all editors know. It says what each field takes; what code
 * alone can check (time zones, addresses, one field against another) the parser says.
 */
export const configurationSchema = (entities: readonly string[]): object =>
  z.toJSONSchema(fileShape(entities), { target: 'draft-7' })
