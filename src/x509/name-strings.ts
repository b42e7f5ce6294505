import { type DerElement, DerFields, parseDer, parseDerElements, TAG } from './der.ts';

function isUtf8(content: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}

/** Whether the bytes are characters of the basic plane, none of them a surrogate or reserved; a zero may end them. */
function isBasicPlane(content: Uint8Array): boolean {
  const characters = Buffer.from(content)
    .toString('hex')
    .replace(/(?<=^(?:.{4})*)0000$/, '');
  return /^(?:(?!d[89a-f]|fffe|ffff|fdd|fde).{4})*$/.test(characters);
}

const isOf =
  (alphabet: RegExp) =>
  (content: Uint8Array): boolean =>
    alphabet.test(Buffer.from(content).toString('latin1'));

/** Whether the bytes are a PrintableString as Go reads it: with * and &, which are in no alphabet. */
export const isPrintableString: (content: Uint8Array) => boolean = isOf(/^[A-Za-z0-9 '()+,\-./:=?*&]*$/);

interface StringType {
  readonly name: string;
  readonly isString: (content: Uint8Array) => boolean;
}

/** The string types that Go reads in names, by tag (crypto/x509, parseASN1String). */
const STRING_TYPES: ReadonlyMap<number, StringType> = new Map([
  [TAG.utf8String, { name: 'UTF8String', isString: isUtf8 }],
  [TAG.printableString, { name: 'PrintableString', isString: isPrintableString }],
  [TAG.ia5String, { name: 'IA5String', isString: isOf(/^[\0-\x7f]*$/) }],
  [0x12, { name: 'NumericString', isString: isOf(/^[0-9 ]*$/) }],
  [0x14, { name: 'TeletexString', isString: () => true }],
  [0x1e, { name: 'BMPString', isString: isBasicPlane }],
]);

function faultOf({ tag, content }: DerElement): string | undefined {
  const type = STRING_TYPES.get(tag);
  if (type === undefined) return `a value of tag 0x${tag.toString(16)}, which is no string that Go reads`;
  return type.isString(content) ? undefined : `a ${type.name} with something else in it`;
}

/** What Go cannot read of a distinguished name, in words; nothing: it can. The readers have read its structure. */
export function faultOfName(nameDer: Uint8Array): string | undefined {
  const attributes = parseDerElements(parseDer(nameDer), TAG.sequence).flatMap((rdn) =>
    parseDerElements(rdn, TAG.set),
  );
  for (const attribute of attributes) {
    const fields = new DerFields(attribute);
    fields.required(TAG.oid);
    const fault = faultOf(fields.required());
    if (fault !== undefined) return fault;
  }
  return undefined;
}
