import { parseGoDuration } from './go-duration.ts';
import { type ConfigVersion, FIELD_TYPES, type FieldType, type FieldTypes } from './kubeadm-types.ts';
import { nearest } from './nearest.ts';
import type { Breach } from './parsed.ts';
import type { YamlPath } from './yaml.ts';

/** A rule that one field of a document breaks. */
export interface FieldIssue extends Breach {
  readonly path: YamlPath;
}

/** A path as kubeadm writes it: `etcd.local.serverCertSANs[0]`. */
export function pathText(path: YamlPath): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// What kubeadm's reader of YAML 1.1 takes for truth values, and one of YAML 1.2 does not.
const TRUTHS: Readonly<Record<string, boolean>> = {
  yes: true,
  y: true,
  on: true,
  no: false,
  n: false,
  off: false,
};

/** A truth value; undefined where it is none. */
export function truthOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? TRUTHS[value.toLowerCase()] : undefined;
}

const INT32_MAX = 2 ** 31 - 1;

function breachOfText(value: unknown): Breach | undefined {
  if (typeof value === 'string') return undefined;
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  return { rule: 'must be text', ...(isScalar ? { hint: 'put it in quotes' } : {}) };
}

/** What is wrong with a value of one of Go's own types; undefined where nothing is. */
const BASIC: Readonly<Record<string, (value: unknown) => Breach | undefined>> = {
  any: () => undefined,
  string: breachOfText,
  bool: (value) => (truthOf(value) === undefined ? { rule: 'must be true or false' } : undefined),
  int: (value) =>
    typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= INT32_MAX
      ? undefined
      : { rule: 'must be a whole number', hint: 'without quotes' },
  duration: (value) => {
    const breach = breachOfText(value);
    if (breach !== undefined || typeof value !== 'string') return breach;
    const parsed = parseGoDuration(value);
    return 'rule' in parsed ? parsed : undefined;
  },
};

function typeIn(type: FieldType | undefined, version: ConfigVersion): string | undefined {
  return typeof type === 'object' ? type[version] : type;
}

function unknownField(name: string, fields: FieldTypes, version: ConfigVersion): Breach {
  const own = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const [only] = typeof own === 'object' ? Object.keys(own) : [];
  if (only !== undefined) return { rule: `is no field of ${version}`, hint: `it is one of ${only}` };
  const known = Object.keys(fields).filter((field) => typeIn(fields[field], version) !== undefined);
  const meant = nearest(name, known);
  const hint = meant === undefined ? `one of ${known.join(', ')}` : `did you mean ${meant}`;
  return { rule: 'is no field that there is', hint };
}

/**
 * Holds a value against its type. What kubeadm would refuse to decode, or would warn of and pass over, is an issue; what a
 * value means is not looked at. Nothing at all (`null`) is of every type, as in Go.
 */
export function checkType(
  value: unknown,
  type: string,
  version: ConfigVersion,
  path: YamlPath = [],
): readonly FieldIssue[] {
  if (value === null || value === undefined) return [];
  const basic = BASIC[type];
  if (basic !== undefined) {
    const breach = basic(value);
    return breach === undefined ? [] : [{ path, ...breach }];
  }
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) return [{ path, rule: 'must be a list' }];
    return value.flatMap((item: unknown, index) => checkType(item, type.slice(2), version, [...path, index]));
  }
  if (!isFields(value)) return [{ path, rule: 'must be a mapping' }];
  const [, ofMap] = /^map\[string\](.+)$/.exec(type) ?? [];
  const fields = FIELD_TYPES[type] ?? {};
  return Object.entries(value).flatMap(([name, field]) => {
    const own = [...path, name];
    const fieldType = ofMap ?? typeIn(Object.hasOwn(fields, name) ? fields[name] : undefined, version);
    if (fieldType !== undefined) return checkType(field, fieldType, version, own);
    return [{ path: own, ...unknownField(name, fields, version) }];
  });
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((found, part) => {
    if (typeof part === 'number') return Array.isArray(found) ? found[part] : undefined;
    return isFields(found) && Object.hasOwn(found, part) ? found[part] : undefined;
  }, value);
}

/** The text at a path; undefined where there is none or, as in Go, an empty one. */
export function textAt(value: unknown, path: YamlPath): string | undefined {
  const text = valueAt(value, path);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** The texts of the list at a path. */
export function textsAt(value: unknown, path: YamlPath): readonly string[] {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list.filter((text) => typeof text === 'string') : [];
}

/** The entries of the mapping at a path. */
export function entriesAt(value: unknown, path: YamlPath): readonly (readonly [string, unknown])[] {
  const fields = valueAt(value, path);
  return isFields(fields) ? Object.entries(fields) : [];
}
