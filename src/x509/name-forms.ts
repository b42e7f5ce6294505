import {
  type DerElement,
  DerError,
  DerFields,
  decodeAscii,
  decodeOid,
  explicitTag,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from './der.ts';
import { ipToBytes, ipToText } from './ip.ts';

/** Whether a name, in the text that its form gives it, lies in the subtree of a constraint. */
export type IsWithin = (name: string) => boolean;

/** How names of one form of GeneralName are compared with constraints of that form (RFC 5280 4.2.1.10). */
export interface NameForm {
  readonly says: string;
  /** The name for people, where that is not the text by which it is compared. */
  readonly show?: (name: DerElement) => string;
  /**
   * The text by which a name is compared.
   *
   * @throws {DerError} where it is no name of that form.
   */
  readonly parseName: (name: DerElement) => string;
  /**
   * @param isExcluded Whether what lies in the subtree is excluded; else it is permitted.
   * @throws {DerError} where it is no constraint of that form.
   */
  readonly parseBase: (base: DerElement, isExcluded: boolean) => IsWithin;
}

// Not empty, no label empty, none beyond visible ASCII: all that Go asks for, too (crypto/x509, domainNameValid).
const DOMAIN = /^[!-\-/-~]+(?:\.[!-\-/-~]+)*$/;

function domainOf(text: string): string {
  if (!DOMAIN.test(text)) throw new DerError(`${JSON.stringify(text)} is no domain name`);
  return text.toLowerCase();
}

/** `.example.com` for what is below that domain, `example.com` for that host alone; nothing for all hosts. */
function parseHostBase(text: string): IsWithin {
  if (text === '') return () => true;
  const isBelow = text.startsWith('.');
  const domain = domainOf(isBelow ? text.slice(1) : text);
  if (ipToBytes(domain) !== undefined) throw new DerError(`${JSON.stringify(text)} is no domain name`);
  const suffix = `.${domain}`;
  return isBelow ? (host) => host.endsWith(suffix) : (host) => host === domain;
}

const DNS_NAME: NameForm = {
  says: 'DNS name',
  parseName: (name) => domainOf(decodeAscii(name)),
  parseBase: (base, isExcluded) => {
    const text = decodeAscii(base);
    if (text === '') return () => true;
    // The dot in front is Go's; `name-constraints-form` tells of it.
    const isBelow = text.startsWith('.');
    const domain = domainOf(isBelow ? text.slice(1) : text);
    if (domain.includes('*')) throw new DerError(`${JSON.stringify(text)} has a wildcard`);
    // `*.example.com` is also good for the excluded `bar.example.com` (CVE-2025-61727).
    const wildcard = isExcluded && !isBelow ? domain.replace(/^[^.]*/, '*') : undefined;
    const suffix = `.${domain}`;
    return (name) => name.endsWith(suffix) || (!isBelow && name === domain) || name === wildcard;
  },
};

// Atoms with dots between them (RFC 5321 4.1.2). A quoted local part is not compared, and so refused.
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/** The local part as it stands, the domain in lower case (RFC 5280 7.5). */
function mailboxOf(text: string): string {
  const [local = '', domain = '', ...rest] = text.split('@');
  if (rest.length > 0 || !LOCAL_PART.test(local))
    throw new DerError(`${JSON.stringify(text)} is no mail address`);
  return `${local}@${domainOf(domain)}`;
}

const RFC822_NAME: NameForm = {
  says: 'mail address',
  parseName: (name) => mailboxOf(decodeAscii(name)),
  parseBase: (base) => {
    const text = decodeAscii(base);
    if (text.includes('@')) {
      const mailbox = mailboxOf(text);
      return (name) => name === mailbox;
    }
    const isWithin = parseHostBase(text);
    return (name) => isWithin(name.slice(name.indexOf('@') + 1));
  },
};

const URI: NameForm = {
  says: 'URI',
  parseName: (name) => {
    const text = decodeAscii(name);
    const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@:[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(text)?.[1];
    if (host === undefined || ipToBytes(host) !== undefined)
      throw new DerError(`${JSON.stringify(text)} has no host name`);
    return domainOf(host);
  },
  parseBase: (base) => parseHostBase(decodeAscii(base)),
};

/** As many bits as the address has, so that what lies in a subnet begins with its prefix. */
function bitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
}

const IP_ADDRESS: NameForm = {
  says: 'IP address',
  show: ({ content }) => ipToText(content),
  parseName: ({ content }) => bitsOf(content),
  parseBase: ({ content }) => {
    const half = content.length / 2;
    const mask = bitsOf(content.subarray(half));
    if ((half !== 4 && half !== 16) || !/^1*0*$/.test(mask))
      throw new DerError('an address range is not in the form of RFC 4632');
    const prefix = bitsOf(content.subarray(0, half)).slice(0, mask.lastIndexOf('1') + 1);
    return (address) => address.length === mask.length && address.startsWith(prefix);
  },
};

const DIRECTORY_NAME: NameForm = {
  says: 'directory name',
  parseName: ({ content }) => rdnsOf(content),
  parseBase: ({ content }) => {
    const rdns = rdnsOf(content);
    return (name) => name.startsWith(rdns);
  },
};

/** One line for each RDN, so that what lies below a name begins with its lines. */
function rdnsOf(nameDer: Uint8Array): string {
  const rdns = parseDerElements(parseDer(nameDer), TAG.sequence).map((rdn) =>
    parseDerElements(rdn, TAG.set).map(attributeText).toSorted(),
  );
  return rdns.map((attributes) => `${JSON.stringify(attributes)}\n`).join('');
}

const TEXT_TAGS: ReadonlySet<number> = new Set([TAG.utf8String, TAG.printableString, TAG.ia5String]);

/** Case and white space do not count in text (RFC 5280 7.1, 7.3); any other value is its bytes. */
function attributeText(attribute: DerElement): string {
  const fields = new DerFields(attribute);
  const oid = decodeOid(fields.required(TAG.oid));
  const value = fields.required();
  const isText = TEXT_TAGS.has(value.tag);
  const text = Buffer.from(value.content).toString(isText ? 'utf8' : 'hex');
  return isText
    ? `${oid}=${text.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ')}`
    : `${oid}#${text}`;
}

/** The forms that constraints are evaluated for, by the tag of their GeneralName (RFC 5280 4.2.1.6). */
export const NAME_FORMS: ReadonlyMap<number, NameForm> = new Map([
  [implicitTag(1), RFC822_NAME],
  [implicitTag(2), DNS_NAME],
  [explicitTag(4), DIRECTORY_NAME],
  [implicitTag(6), URI],
  [implicitTag(7), IP_ADDRESS],
]);

/** The forms that Go evaluates; a critical constraint of another form is to Go one that it does not understand. */
export const NAME_FORMS_IN_GO: ReadonlySet<number> = new Set(
  [...NAME_FORMS.keys()].filter((tag) => tag !== explicitTag(4)),
);
