import fc from 'fast-check';
import { encodePem, readableBlocks, readPem } from '../../src/x509/pem.ts';

/** What is done to bytes; places are parts of the length, so that they fit whatever they are done to. */
export type Change =
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'overwrite'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'splice'; readonly at: number; readonly other: number; readonly length: number };

const at = fc.nat(9999).map((part) => part / 10_000);
const length = fc.oneof(fc.nat(8), fc.nat(400));
const bytes = fc.uint8Array({ minLength: 1, maxLength: 24 });
/** Where the readers of DER, PEM and YAML have to decide something. */
const TELLING = [
  '30 80',
  '30 84 ff ff ff ff',
  '30 00',
  '02 00',
  '02 01 80',
  '03 01 07',
  '03 02 09 00',
  '05 00',
  '06 00',
  '06 01 80',
  '17 0d 39 39',
  '18 0f',
  'a0 03 02 01 02',
  'a3 02 30 00',
  '01 01 01',
  '1e 02 d8 00',
  '04 00',
  '1f 81 01',
  'bf 7f',
  '00 00',
].map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const WORDS = [
  '-----BEGIN CERTIFICATE-----\n',
  '-----END CERTIFICATE-----\n',
  '-----BEGIN EC PRIVATE KEY-----\n',
  'Proc-Type: 4,ENCRYPTED\n',
  '\r',
  '\r\n',
  '\uFEFF',
  '\0',
  '&a ',
  '*a',
  '<<: *a\n',
  '!!binary ',
  '? ',
  '- ',
  '[',
  '{',
  '|\n',
  '>-\n',
  "'",
  '"',
  '#',
  '---\n',
  ': ',
  '__proto__: ',
  'constructor',
  'kind: Config\n',
  'current-context: ',
  'users: null\n',
  'null',
  '~',
  '1e999',
  '0x7fffffffffffffff',
  'client-key: /etc/shadow\n',
  '\t',
  '%YAML 9\n',
  '--tls-cert-file',
  '=',
  '$(A)',
  '${A}',
  '\\',
  'ExecStart=',
  '\ud800',
  '\u2028',
].map((word) => Buffer.from(word));
const telling = fc.oneof(bytes, fc.constantFrom(...TELLING), fc.constantFrom(...WORDS));

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('truncate' as const), at }),
  { arbitrary: fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('overwrite' as const), at, bytes: telling }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('insert' as const), at, bytes: telling }), weight: 2 },
  fc.record({ kind: fc.constant('cut' as const), at, length }),
  fc.record({ kind: fc.constant('repeat' as const), at, length, times: fc.oneof(fc.nat(4), fc.nat(3000)) }),
  fc.record({ kind: fc.constant('splice' as const), at, other: fc.nat(1000), length }),
);

type Bytes = Uint8Array;

function changed(before: Bytes, one: Change, splice: (other: number) => Bytes): Bytes {
  const start = Math.floor(before.length * one.at);
  const put = (inserted: Bytes, end: number): Bytes =>
    Buffer.concat([before.subarray(0, start), inserted, before.subarray(end)]);
  switch (one.kind) {
    case 'truncate':
      return before.subarray(0, start);
    case 'flip':
      return put(Uint8Array.of((before[start] ?? 0) ^ (1 << one.bit)), start + 1);
    case 'overwrite':
      return put(one.bytes, start + one.bytes.length);
    case 'insert':
      return put(one.bytes, start);
    case 'cut':
      return put(new Uint8Array(), start + one.length);
    case 'repeat': {
      const part = before.subarray(start, start + one.length);
      return put(Buffer.concat(Array.from({ length: one.times }, () => part)).subarray(0, 1_000_000), start);
    }
    case 'splice': {
      const other = splice(one.other);
      const from = Math.floor((other.length * one.other) / 1000);
      return put(other.subarray(from, from + one.length), start + one.length);
    }
  }
}

const derOf = (pem: string): Bytes => readableBlocks(readPem(pem))[0]?.der ?? Buffer.from(pem);
const apply = (before: Bytes, changes: readonly Change[], splice: (other: number) => Bytes): Bytes =>
  changes.reduce((now, one) => changed(now, one, splice), before);

/** A few changes, one after the other. */
export const anyChanges: fc.Arbitrary<readonly Change[]> = fc.array(change, { minLength: 1, maxLength: 4 });

/** How deep the changes go: to the text, to the DER in its blocks, to what is embedded in a kubeconfig. */
const DEPTHS = ['text', 'block', 'embedded', 'embedded block'] as const;

export const anyDepth: fc.Arbitrary<(typeof DEPTHS)[number]> = fc.constantFrom(...DEPTHS);

/** A text with changes made to it; `others` are what parts of another text are taken from. */
export function spoil(
  text: string,
  changes: readonly Change[],
  { depth, others }: { readonly depth: (typeof DEPTHS)[number]; readonly others: readonly string[] },
): string {
  const other = (index: number): string => others[index % others.length] ?? '';
  const ofText = (before: string): string =>
    Buffer.from(apply(Buffer.from(before), changes, (index) => Buffer.from(other(index)))).toString();
  const ofBlocks = (before: string): string =>
    before.replaceAll(/-----BEGIN ([^-]+)-----[^-]*-----END [^-]+-----\n/g, (block: string, label: string) =>
      encodePem(
        label,
        apply(derOf(block), changes, (index) => derOf(other(index))),
      ),
    );
  const inside = (alter: (before: string) => string): string =>
    text.replaceAll(/(?<=-data: )[\w+/=]+/g, (data) =>
      Buffer.from(alter(Buffer.from(data, 'base64').toString())).toString('base64'),
    );
  if (!text.includes('kind: Config')) return depth.endsWith('block') ? ofBlocks(text) : ofText(text);
  if (depth === 'embedded') return inside(ofText);
  return depth.endsWith('block') ? inside(ofBlocks) : ofText(text);
}
