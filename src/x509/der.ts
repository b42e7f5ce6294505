/** The identifier octets of the DER types that certificates are made of (X.690 8.1.2). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The identifier octet of a context-specific type around other elements: `[3]` with something in it. */
export function explicitTag(number: number): number {
  return 0xa0 | number;
}

/** The identifier octet of a context-specific type that holds plain bytes. */
export function implicitTag(number: number): number {
  return 0x80 | number;
}

/** Bytes that are not the DER they should be. Whoever knows the field at fault makes a PkiError of it. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** One element of DER. The bytes are views into what was parsed. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** The whole element: identifier, length and content. */
  readonly der: Uint8Array;
}

function elementAt(bytes: Uint8Array, start: number): DerElement {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw new DerError('it is cut short');
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag has more than one byte');
  let offset = start + 2;
  let length = first;
  if (first > 0x7f) {
    // 0x80 is the indefinite length, which DER does not have (X.690 10.1).
    if (first === 0x80 || first > 0x84) throw new DerError('a length is indefinite or too large');
    const lengthBytes = bytes.subarray(offset, offset + (first & 0x7f));
    offset += lengthBytes.length;
    length = lengthBytes.reduce((sum, byte) => sum * 256 + byte, 0);
    if (lengthBytes[0] === 0 || length < 0x80) throw new DerError('a length is not minimal');
  }
  const end = offset + length;
  if (end > bytes.length) throw new DerError('it is cut short');
  return { tag, content: bytes.subarray(offset, end), der: bytes.subarray(start, end) };
}

/**
 * Parses bytes that are exactly one element. Does not look into it, so no nesting can run away.
 *
 * @throws {DerError} for lengths that are indefinite or not minimal, long tags, and bytes missing or left over.
 */
export function parseDer(bytes: Uint8Array): DerElement {
  const element = elementAt(bytes, 0);
  if (element.der.length !== bytes.length) throw new DerError('bytes follow its end');
  return element;
}

/**
 * Parses the elements that a SEQUENCE or SET consists of, in order.
 *
 * @throws {DerError} as {@link parseDer}, and where `element` has another tag.
 */
export function parseDerElements(element: DerElement, tag: number): readonly DerElement[] {
  assertTag(element, tag);
  const elements: DerElement[] = [];
  for (let offset = 0; offset < element.content.length; ) {
    const next = elementAt(element.content, offset);
    elements.push(next);
    offset += next.der.length;
  }
  return elements;
}

/** @throws {DerError} where the element has none of these tags. */
export function assertTag({ tag }: DerElement, ...expected: readonly number[]): void {
  if (expected.includes(tag)) return;
  throw new DerError(`${expected.map(tagText).join(' or ')} expected, ${tagText(tag)} found`);
}

function tagText(tag: number): string {
  return `tag 0x${tag.toString(16).padStart(2, '0')}`;
}

/** Takes the fields of a SEQUENCE one after the other. */
export class DerFields {
  readonly #elements: readonly DerElement[];
  #position = 0;

  constructor(sequence: DerElement) {
    this.#elements = parseDerElements(sequence, TAG.sequence);
  }

  /** The next field where it has this tag. */
  optional(tag: number): DerElement | undefined {
    const element = this.#elements[this.#position];
    if (element?.tag !== tag) return undefined;
    this.#position += 1;
    return element;
  }

  /** The next field, which has one of these tags; any where none is named. */
  required(...tags: readonly number[]): DerElement {
    const element = this.#elements[this.#position];
    if (element === undefined) throw new DerError('a field is missing');
    if (tags.length > 0) assertTag(element, ...tags);
    this.#position += 1;
    return element;
  }

  end(): void {
    if (this.#position < this.#elements.length) throw new DerError('it has a field too many');
  }
}

/** @throws {DerError} for anything but 0x00 and 0xff (X.690 11.1). */
export function decodeBoolean({ content }: DerElement): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw new DerError('a BOOLEAN is not 00 or ff');
  return content[0] === 0xff;
}

/** The contents of an INTEGER, checked to be minimal (X.690 8.3.2): two's complement. */
export function decodeInteger({ content }: DerElement): Uint8Array {
  const [first, second = 0] = content;
  if (first === undefined) throw new DerError('an INTEGER is empty');
  if (content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second > 0x7f))) {
    throw new DerError('an INTEGER is not minimal');
  }
  return content;
}

/** An INTEGER that has to be a small count: at most four bytes, not negative. */
export function decodeCount(element: DerElement): number {
  const content = decodeInteger(element);
  if (content.length > 4 || (content[0] ?? 0) > 0x7f)
    throw new DerError('an INTEGER is negative or too large');
  return content.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The bytes of a BIT STRING, unused bits of the last byte included, which must be 0 (X.690 11.2.1). */
export function decodeBitString({ content }: DerElement): Uint8Array {
  const unusedBits = content[0];
  const bytes = content.subarray(1);
  if (unusedBits === undefined || unusedBits > (bytes.length > 0 ? 7 : 0)) {
    throw new DerError('a BIT STRING has a wrong number of unused bits');
  }
  if (((bytes.at(-1) ?? 0) & ((1 << unusedBits) - 1)) !== 0)
    throw new DerError('unused bits of a BIT STRING are set');
  return bytes;
}

/**
 * The bytes of a BIT STRING of whole octets, as keys and signatures are (RFC 3279, RFC 8410). Go shifts unused bits out, and
 * then has another key or signature than whoever leaves them where they are.
 */
export function decodeOctets(element: DerElement): Uint8Array {
  if (element.content[0] !== 0) throw new DerError('a BIT STRING is no whole octets');
  return decodeBitString(element);
}

/** The text of a string type that holds ASCII only: PrintableString, IA5String. */
export function decodeAscii({ content }: DerElement): string {
  if (content.some((byte) => byte > 0x7f)) throw new DerError('a byte is outside ASCII');
  return Buffer.from(content).toString('latin1');
}

/**
 * The dotted text of an OBJECT IDENTIFIER. Arcs have at most 31 bits, as those that Go reads (x/crypto/cryptobyte,
 * readBase128Int): a UUID (2.25) is none.
 */
export function decodeOid({ content }: DerElement): string {
  if (content.length === 0) throw new DerError('an OBJECT IDENTIFIER is empty');
  const arcs: number[] = [];
  let arc = 0;
  let isInside = false;
  for (const byte of content) {
    if (!isInside && byte === 0x80) throw new DerError('an arc of an OBJECT IDENTIFIER is not minimal');
    arc = arc * 128 + (byte & 0x7f);
    if (arc >= 2 ** 31) throw new DerError('an arc of an OBJECT IDENTIFIER is too large');
    isInside = byte > 0x7f;
    if (isInside) continue;
    if (arcs.length === 0) {
      // The first two arcs share a number (X.690 8.19.4).
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root);
      arc -= root * 40;
    }
    arcs.push(arc);
    arc = 0;
  }
  if (isInside) throw new DerError('an OBJECT IDENTIFIER is cut short');
  return arcs.join('.');
}

/** One element around the given contents, which are concatenated. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const lengthBytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) lengthBytes.unshift(rest % 256);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | lengthBytes.length, ...lengthBytes];
  return Buffer.concat([Uint8Array.from(head), ...contents]);
}

export function encodeSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return encodeDer(TAG.sequence, ...elements);
}

/** An INTEGER that is not negative, from its bytes, the highest first; leading zeros are dropped. */
export function encodeInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  if (start < 0) return encodeDer(TAG.integer, Uint8Array.of(0));
  const magnitude = bytes.subarray(start);
  const sign = (magnitude[0] ?? 0) > 0x7f ? Uint8Array.of(0) : new Uint8Array();
  return encodeDer(TAG.integer, sign, magnitude);
}

export function encodeBitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return encodeDer(TAG.bitString, Uint8Array.of(unusedBits), bytes);
}

/**
 * @param dotted Arcs below 2^53.
 * @throws {RangeError} where it is no OBJECT IDENTIFIER.
 */
export function encodeOid(dotted: string): Uint8Array {
  const [root, second, ...rest] = dotted.split('.').map(Number);
  const isValid = /^[0-2](?:\.(?:0|[1-9][0-9]{0,15}))+$/.test(dotted);
  if (!isValid || root === undefined || second === undefined || (root < 2 && second > 39)) {
    throw new RangeError(`"dotted" expected an OBJECT IDENTIFIER, got ${JSON.stringify(dotted)}`);
  }
  const bytes = [root * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128))
      septets.unshift((high % 128) | 0x80);
    return septets;
  });
  return encodeDer(TAG.oid, Uint8Array.from(bytes));
}
