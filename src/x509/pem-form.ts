import { DerError, type DerElement, parseDer, parseDerElements, TAG } from './der.ts';
import { type PemText, readableBlocks, readPem } from './pem.ts';

/** What DER can be by the types of its fields, in words; `isPrivate` where it is a private key that no passphrase guards. */
interface DerKind {
  readonly says: string;
  readonly isPrivate?: true;
  /** The identifier octets of the fields in hexadecimal, those of a first field that is a SEQUENCE in parentheses. */
  readonly fields: RegExp;
}

const KINDS: readonly DerKind[] = [
  { says: 'a private key (PKCS#8)', isPrivate: true, fields: /^02 30\(06[^)]*\) 04( a0)?( 81)?$/ },
  { says: 'an RSA private key (PKCS#1)', isPrivate: true, fields: /^02( 02){8}$/ },
  { says: 'an EC private key (SEC 1)', isPrivate: true, fields: /^02 04( a0)?( a1)?$/ },
  { says: 'an encrypted private key', fields: /^30\(06[^)]*\) 04$/ },
  { says: 'a public key', fields: /^30\(06[^)]*\) 03$/ },
  { says: 'an RSA public key', fields: /^02 02$/ },
  { says: 'a certificate signing request', fields: /^30\(02 30 30( a0)?\) 30\(06[^)]*\) 03$/ },
  { says: 'a certificate', fields: /^30\((a0 )?02 30 30 30 30.*\) 30\(06[^)]*\) 03$/ },
  { says: 'a revocation list', fields: /^30\((02 )?30 30 (17|18).*\) 30\(06[^)]*\) 03$/ },
  { says: 'a PKCS#12 store', fields: /^02 30\(06[^)]*\)( 30\(.*\))?$/ },
];

function tagText(tag: number): string {
  return tag.toString(16).padStart(2, '0');
}

function fieldsText(element: DerElement): string {
  const inner = (field: DerElement): string =>
    field.tag === TAG.sequence
      ? `(${parseDerElements(field, TAG.sequence)
          .map(({ tag }) => tagText(tag))
          .join(' ')})`
      : '';
  return parseDerElements(element, TAG.sequence)
    .map((field) => tagText(field.tag) + inner(field))
    .join(' ');
}

function kindOf(der: Uint8Array): DerKind | undefined {
  try {
    const fields = fieldsText(parseDer(der));
    return KINDS.find((kind) => kind.fields.test(fields));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** What DER is, in words, by its structure alone: `a certificate`; undefined where it is nothing that is known here. */
export function describeDer(der: Uint8Array): string | undefined {
  return kindOf(der)?.says;
}

/** Something else than text in the place of a text, decoded as UTF-8. */
interface OddForm {
  readonly says: string;
  readonly isPrivate?: true;
  /** Of the first characters: their numbers in hexadecimal, each with a blank behind it. What is no UTF-8 is `fffd`. */
  readonly begins?: RegExp;
  readonly fits?: RegExp;
}

// A SEQUENCE, its length, and the version that DER of each kind begins with.
const ODD_FORMS: readonly OddForm[] = [
  { says: 'nothing', fits: /^[\s\uFEFF]*$/ },
  // Every other byte of plain text is zero then.
  { says: 'text in UTF-16', begins: /^(fffd ){0,2}(([1-9a-f][0-9a-f]* 0 ){6}|(0 [1-9a-f][0-9a-f]* ){6})/ },
  { says: 'a certificate in DER', begins: /^30 (\w+ ){1,4}30 (\w+ ){1,4}(fffd|a0) 3 2 1 [012] / },
  // A store is opened by its password or by guessing that, and by none where it is empty.
  { says: 'a PKCS#12 store', isPrivate: true, begins: /^30 (\w+ ){1,4}2 1 3 / },
  // FEEDFEED or CECECECE, none of it UTF-8, and the version.
  { says: 'a key store of Java', isPrivate: true, begins: /^(fffd ){4}0 0 0 [12] / },
  { says: 'a private key in DER', isPrivate: true, begins: /^30 (\w+ ){1,4}2 1 [01] / },
  { says: 'binary data', fits: /[^\P{Cc}\s]|\uFFFD/u },
  { says: 'lines that end in CR alone', fits: /^-----BEGIN [^\n]*\r[^\n]/ },
];

function oddFormOf(text: string): OddForm | undefined {
  const beginning = Array.from(text.slice(0, 24), (character) => `${character.charCodeAt(0).toString(16)} `);
  return ODD_FORMS.find(
    ({ begins, fits }) => begins?.test(beginning.join('')) === true || fits?.test(text) === true,
  );
}

/** What is there where a text should be, in words: `nothing`, `text in UTF-16`; undefined where it is text. */
export function describeOddText(text: string): string | undefined {
  return oddFormOf(text)?.says;
}

/** What a text holds, in words: the labels of its blocks, or what it is instead. */
export function describePem(text: string, { parts }: PemText): string {
  if (parts.length > 0) return parts.map(({ label }) => label).join(', ');
  return describeOddText(text) ?? 'no PEM block';
}

/**
 * A private key: the line that begins one and, behind it, headers (RFC 1421) or base64, damaged or not; be it in a comment or,
 * line by line, in strings. Programs and manuals have the line that begins one, and nothing behind it.
 */
const PRIVATE_KEY =
  /-----BEGIN [\w ]*PRIVATE KEY-----(?:[\s#>|;"'+,]|\\[nr])*(?:[A-Za-z-]+: [^\n]*\n\s*)*(?:Proc-Type: |\S{0,8}?[A-Za-z0-9+/]{32}|(?:[A-Za-z0-9+/=]+\s+)+-----END)/;

/** Whether there is a private key in a text: under its own label, encrypted or not, under another, as bare DER, or in a store. */
export function holdsPrivateKey(text: string): boolean {
  if (PRIVATE_KEY.test(text)) return true;
  const pem = readPem(text);
  if (pem.parts.length === 0) return oddFormOf(text)?.isPrivate === true;
  return readableBlocks(pem).some(({ der }) => kindOf(der)?.isPrivate === true);
}
