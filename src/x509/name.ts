import { encodeDer, encodeOid, encodeSequence, TAG } from './der.ts';
import { COMMON_NAME_OID, ORGANIZATION_OID } from './model.ts';

/** A subject, as values that are never taken apart: `a, O=system:masters` is one common name. */
export interface NameParts {
  readonly organization?: readonly string[];
  /** Empty: no CN. */
  readonly commonName: string;
}

function encodeAttribute(oid: string, value: string): Uint8Array {
  // A lone surrogate has no UTF-8: two values would become the same one.
  if (/\p{Surrogate}/u.test(value))
    throw new RangeError(`"value" expected well-formed Unicode, got ${JSON.stringify(value)}`);
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
  return encodeSequence(
    encodeOid(oid),
    encodeDer(isPrintable ? TAG.printableString : TAG.utf8String, Buffer.from(value, 'utf8')),
  );
}

/**
 * Encodes a distinguished name as Go does (kubeadm.md 1.2): O before CN, all O values in one multi-valued RDN,
 * PrintableString where its alphabet allows it, else UTF8String. What is empty is left out.
 *
 * @returns DER of the Name.
 * @throws {RangeError} for text that is no well-formed Unicode.
 */
export function encodeName({ organization = [], commonName }: NameParts): Uint8Array {
  // The members of a SET OF stand in the order of their encodings (X.690 11.6).
  const organizations = organization
    .map((value) => encodeAttribute(ORGANIZATION_OID, value))

    .toSorted((a, b) => Buffer.compare(a, b));
  const commonNames = commonName === '' ? [] : [encodeAttribute(COMMON_NAME_OID, commonName)];
  const rdns = [organizations, commonNames].filter((attributes) => attributes.length > 0);
  return encodeSequence(...rdns.map((attributes) => encodeDer(TAG.set, ...attributes)));
}
