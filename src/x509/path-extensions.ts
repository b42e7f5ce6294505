import {
  assertTag,
  type DerElement,
  DerError,
  DerFields,
  decodeInteger,
  decodeOid,
  explicitTag,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from './der.ts';
import { EXTENSION_OIDS } from './extensions.ts';
import type { Certificate } from './model.ts';
import { isUri } from './uri.ts';

export const AUTHORITY_INFO_ACCESS_OID = '1.3.6.1.5.5.7.1.1';
export const POLICY_CONSTRAINTS_OID = '2.5.29.36';
export const INHIBIT_ANY_POLICY_OID = '2.5.29.54';

const ANY_POLICY_HEX = Buffer.from([0x55, 0x1d, 0x20, 0x00]).toString('hex');

/** An INTEGER of at most 64 bits: what a Go int holds. */
function assertNumber(element: DerElement): void {
  if (decodeInteger(element).length > 8) throw new DerError('an INTEGER is too large');
}

/** The bytes of a policy's OID in hex, of arcs of any size: Go has no limit for these, and one for all others. */
function policyOf(element: DerElement): string {
  assertTag(element, TAG.oid);
  const { content } = element;
  const isMinimal = content.every((byte, index) => byte !== 0x80 || (content[index - 1] ?? 0) > 0x7f);
  if ((content.at(-1) ?? 0x80) > 0x7f || !isMinimal)
    throw new DerError('an OBJECT IDENTIFIER is cut short or not minimal');
  return Buffer.from(content).toString('hex');
}

function readPolicies(policies: DerElement): void {
  const oids = parseDerElements(policies, TAG.sequence).map((policy) =>
    policyOf(new DerFields(policy).required()),
  );
  // RFC 5280 4.2.1.4.
  if (new Set(oids).size < oids.length) throw new DerError('a policy stands there twice');
}

function readMappings(mappings: DerElement): void {
  for (const mapping of parseDerElements(mappings, TAG.sequence)) {
    const fields = new DerFields(mapping);
    const sides = [policyOf(fields.required()), policyOf(fields.required())];
    // RFC 5280 4.2.1.5.
    if (sides.includes(ANY_POLICY_HEX)) throw new DerError('it maps any policy');
  }
}

/** Go reads no name of a distribution point but a full one (RFC 5280 4.2.1.13). */
function readDistributionPoints(points: DerElement): void {
  for (const point of parseDerElements(points, TAG.sequence)) {
    const name = new DerFields(point).optional(explicitTag(0));
    const [full] = name === undefined ? [] : parseDerElements(name, explicitTag(0));
    if (name === undefined) continue;
    if (full === undefined) throw new DerError('a name is missing');
    parseDerElements(full, explicitTag(0));
  }
}

function readAccess(descriptions: DerElement): void {
  for (const description of parseDerElements(descriptions, TAG.sequence))
    decodeOid(new DerFields(description).required(TAG.oid));
}

/** Whether policyConstraints hold requireExplicitPolicy (RFC 5280 4.2.1.11). */
function readPolicyConstraints(policyConstraints: DerElement): boolean {
  const fields = new DerFields(policyConstraints);
  const explicit = fields.optional(implicitTag(0));
  const mapping = fields.optional(implicitTag(1));
  fields.end();
  for (const number of [explicit, mapping]) if (number !== undefined) assertNumber(number);
  return explicit !== undefined;
}

export function asksForPolicy(der: Uint8Array): boolean {
  return readPolicyConstraints(parseDer(der));
}

/** The extensions that Go understands and no reader here has read: what they throw a {@link DerError} for, Go cannot read. */
export const OTHER_EXTENSIONS: ReadonlyMap<string, (value: DerElement) => unknown> = new Map([
  ['2.5.29.31', readDistributionPoints],
  ['2.5.29.32', readPolicies],
  ['2.5.29.33', readMappings],
  [AUTHORITY_INFO_ACCESS_OID, readAccess],
  [POLICY_CONSTRAINTS_OID, readPolicyConstraints],
  [
    INHIBIT_ANY_POLICY_OID,
    (value) => {
      assertTag(value, TAG.integer);
      assertNumber(value);
    },
  ],
]);

const URI = /^URI:/;

/**
 * What of an extension cannot be read, in words; nothing: all of it can. Those that the readers know they have read, but
 * for what is no name of a host.
 */
export function faultOfExtension(
  { subjectAltName = [] }: Certificate,
  { oid, der }: Certificate['extensions'][number],
): string | undefined {
  if (oid === EXTENSION_OIDS.subjectAltName) {
    const uris = subjectAltName.filter(({ kind, value }) => kind === 'other' && URI.test(value));
    const wrong = uris.map(({ value }) => value.replace(URI, '')).find((text) => !isUri(text));
    return wrong === undefined ? undefined : `${JSON.stringify(wrong)} is no URI`;
  }
  try {
    OTHER_EXTENSIONS.get(oid)?.(parseDer(der));
    return undefined;
  } catch (error) {
    if (error instanceof DerError) return error.message;
    throw error;
  }
}
