/** An object of JSON whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(json: unknown): json is Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isName);
}

/** A number of things: whole, and not below 0. */
export function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
