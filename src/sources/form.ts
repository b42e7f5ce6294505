import { BLOCK_BYTES, isTar } from './tar-header.ts';

/** What a stream of bytes is, told by how it begins. */
export type Form = { readonly form: 'tar' | 'gzip' | 'text' } | UnreadForm;

/** Something that is known and not read here, and the program that makes it readable. */
interface UnreadForm {
  readonly form: 'unread';
  readonly name: string;
  /** A command that writes on stdout what is read here; without one, it is said what to give instead. */
  readonly command?: string;
}

/** How many bytes tell what follows. */
export const HEAD_BYTES: number = BLOCK_BYTES;

/** By their first bytes, as file(1) and RFC 1952 2.3.1 (gzip), RFC 8878 3.1.1 (zstd) have them. */
const MAGIC: readonly (readonly [hex: string, form: Form])[] = [
  ['1f8b', { form: 'gzip' }],
  ['28b52ffd', { form: 'unread', name: 'zstd', command: 'zstd -dc' }],
  ['fd377a585a00', { form: 'unread', name: 'xz', command: 'xz -dc' }],
  ['425a68', { form: 'unread', name: 'bzip2', command: 'bzip2 -dc' }],
  ['04224d18', { form: 'unread', name: 'lz4', command: 'lz4 -dc' }],
  ['504b0304', { form: 'unread', name: 'zip' }],
];

function isText(head: Uint8Array): boolean {
  return head.length > 0 && !head.includes(0);
}

/** What begins with these bytes; undefined where it is nothing that is known. Looks at the first {@link HEAD_BYTES}. */
export function formOf(head: Uint8Array): Form | undefined {
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex');
  const compressed = MAGIC.find(([magic]) => hex.startsWith(magic));
  if (compressed !== undefined) return compressed[1];
  if (isTar(head)) return { form: 'tar' };
  return isText(head.subarray(0, HEAD_BYTES)) ? { form: 'text' } : undefined;
}
