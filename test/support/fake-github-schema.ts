import { readFileSync } from 'node:fs';
import type { Document } from 'openapi-backend';

/** What the action uses of GitHub's description of its REST API. */
export const GITHUB_API: Document = JSON.parse(
  readFileSync(new URL('../fixtures/github-openapi.json', import.meta.url), 'utf8'),
);

type Fields = Record<string, unknown>;

/**
 * An object with all that a schema of the description requires, as empty as it may be, and with `fields` on top: GitHub's
 * objects have dozens of fields that nobody here looks at.
 */
export function objectOf(name: string, fields: Fields): Fields {
  return { ...fieldsOf(sampleOf({ $ref: `#/components/schemas/${name}` })), ...fields };
}

function sampleOf(schema: unknown): unknown {
  const { $ref, allOf, anyOf, oneOf, nullable, type, properties, required, ...more } = fieldsOf(schema);
  if (nullable === true) return null;
  if (typeof $ref === 'string') return sampleOf(named($ref));
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map(sampleOf));
  const choices: unknown = anyOf ?? oneOf;
  if (Array.isArray(choices) && properties === undefined) return sampleOf(choices[0]);
  if (Array.isArray(more['enum'])) return more['enum'][0];
  switch (type) {
    case 'string':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    default:
      return sampleObject(fieldsOf(properties), Array.isArray(required) ? required : []);
  }
}

function sampleObject(properties: Fields, required: readonly unknown[]): Fields {
  return Object.fromEntries(required.map((name) => [String(name), sampleOf(properties[String(name)])]));
}

function named(ref: string): unknown {
  let found: unknown = GITHUB_API;
  for (const key of ref.split('/').slice(1)) found = fieldsOf(found)[key];
  return found;
}

/** Any object as its fields; what is none has none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
