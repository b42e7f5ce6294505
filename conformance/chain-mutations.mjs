// Ways in which one thing about a real certification path can be otherwise.
import { constants, createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  encodeDer,
  encodeInteger,
  encodeOid,
  encodeSequence,
  explicitTag,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from '../dist/x509/der.js';
import { encodeTime } from '../dist/x509/time.js';
import {
  address,
  boolean,
  directoryName,
  generalName,
  integer,
  name,
  nameConstraints,
  oids,
  putTogether,
  signAgain,
  takeApart,
  withUnusedBits,
} from './forge.mjs';

const bytes = (hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const NONE = encodeSequence();

export const OID = Object.freeze({
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  unknown: '1.2.3.4.5',
});
const COMMON_NAME = '2.5.4.3';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_POLICY = '2.5.29.32.0';
// A UUID as an arc (ITU-T X.667), which takes 128 bits.
const HUGE_OID = bytes('0613 6983d0c1a8e5f2b4a19dc3b7e1a2b3c4d5e60f');

const YEAR_MS = 365 * 86_400_000;

/** Keys of other kinds than those of a cluster, made once: nothing depends on which they are. */
function makeStrangers() {
  const pair = (type, options) => generateKeyPairSync(type, options);
  return {
    signing: {
      'an ECDSA key': pair('ec', { namedCurve: 'prime256v1' }),
      'an RSA key of 1024 bits': pair('rsa', { modulusLength: 1024 }),
      'an RSA key of 768 bits': pair('rsa', { modulusLength: 768 }),
      'an RSA key of 2047 bits': pair('rsa', { modulusLength: 2047 }),
      'an RSA key with exponent 3': pair('rsa', { modulusLength: 2048, publicExponent: 3 }),
      'an RSA key with a long exponent': pair('rsa', { modulusLength: 2048, publicExponent: 0x80000001 }),
      'a key on P-224': pair('ec', { namedCurve: 'secp224r1' }),
      'a key on secp256k1': pair('ec', { namedCurve: 'secp256k1' }),
      'a key on a curve in full': pair('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' }),
      'an Ed448 key': pair('ed448'),
    },
    other: {
      'a key for RSASSA-PSS alone': pair('rsa-pss', { modulusLength: 2048 }),
      'an X25519 key': pair('x25519'),
      'a DSA key': pair('dsa', { modulusLength: 1024, divisorLength: 160 }),
    },
  };
}
let madeStrangers;
function strangers() {
  madeStrangers ??= makeStrangers();
  return madeStrangers;
}
const stranger = () => strangers().signing['an ECDSA key'];

const spkiOf = ({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' });

/** Parts of a certificate with one extension as it is wanted, in its place or at the end; none: it is left out. */
export function withExtension(parts, oid, value, critical) {
  const { extensions = [] } = parts;
  const index = extensions.findIndex((extension) => extension.oid === oid);
  const wanted = value === undefined ? [] : [{ oid, value, critical }];
  return {
    ...parts,
    extensions: index < 0 ? [...extensions, ...wanted] : extensions.toSpliced(index, 1, ...wanted),
  };
}

const has =
  (oid) =>
  ({ extensions = [] }) =>
    extensions.some((extension) => extension.oid === oid);
const valueIn = ({ extensions }, oid) => extensions.find((extension) => extension.oid === oid).value;

/** A row: `change` makes other parts of parts, and is not asked where `where` says no. */
const row = (kind, change, more = {}) => ({ kind, of: 'any', where: () => true, change, ...more });
const set = (kind, field, der, more) => row(kind, (parts) => ({ ...parts, [field]: der }), more);
const extension = (kind, oid, value, critical, more) =>
  row(kind, (parts) => withExtension(parts, oid, value, critical), more);

const LEAF = { of: 'leaf' };
const SERVER = { of: 'leaf', purpose: 'serverAuth' };
const CA = { of: 'ca' };
/** What was signed by it is issued anew, under its new name. */
const FOLLOWED = { of: 'ca', isFollowed: true };

const SERIALS = {
  0: '00',
  'of one bit': '01',
  negative: 'ff',
  'negative and long': '80 00000000 00000000 00000000 00000001',
  'of 20 octets': '7f'.repeat(20),
  'of 20 bits and a sign': `00${'ff'.repeat(20)}`,
  'of 21 octets': '7f'.repeat(21),
  'of 100 octets': '11'.repeat(100),
  'not minimal': '0001',
  empty: '',
};

const time = (tag, text) => encodeDer(tag, Buffer.from(text));
const TIMES = {
  'GeneralizedTime before 2050': time(TAG.generalizedTime, '20350101000000Z'),
  'of the year 9999': time(TAG.generalizedTime, '99991231235959Z'),
  'UTCTime without seconds': time(TAG.utcTime, '3501010000Z'),
  'UTCTime with an offset': time(TAG.utcTime, '350101000000+0100'),
  'GeneralizedTime with a fraction': time(TAG.generalizedTime, '20350101000000.5Z'),
  'GeneralizedTime with an offset': time(TAG.generalizedTime, '20350101000000+0100'),
  'GeneralizedTime without Z': time(TAG.generalizedTime, '20350101000000'),
  'of 30 February': time(TAG.utcTime, '350230000000Z'),
  'of hour 24': time(TAG.utcTime, '350101240000Z'),
  'of second 60': time(TAG.utcTime, '350101000060Z'),
  'no time': time(TAG.utcTime, 'later'),
  'in another type': time(TAG.printableString, '350101000000Z'),
};

const common = (tag, text) => name([COMMON_NAME, tag, text]);
const NAMES = {
  empty: NONE,
  'in UTF8String': common(TAG.utf8String, 'kubernetes'),
  'in PrintableString': common(TAG.printableString, 'kubernetes'),
  'in IA5String': common(TAG.ia5String, 'kubernetes'),
  'in TeletexString': common(0x14, Buffer.from('b\xfccher', 'latin1')),
  'in BMPString': common(0x1e, Buffer.from('006b0038', 'hex')),
  'in BMPString with surrogates': common(0x1e, Buffer.from('d83dde00', 'hex')),
  'in BMPString of odd length': common(0x1e, Buffer.from('006b00', 'hex')),
  'in UniversalString': common(0x1c, Buffer.from('0000006b', 'hex')),
  'in NumericString': common(0x12, '42'),
  'in NumericString with letters': common(0x12, 'k8s'),
  'in VisibleString': common(0x1a, 'kubernetes'),
  'in GeneralString': common(0x1b, 'kubernetes'),
  'in OCTET STRING': common(TAG.octetString, 'kubernetes'),
  'in INTEGER': common(TAG.integer, Buffer.from([42])),
  'in PrintableString with @': common(TAG.printableString, 'a@b'),
  'in PrintableString with *': common(TAG.printableString, '*.example.com'),
  'in PrintableString with &': common(TAG.printableString, 'a & b'),
  'in PrintableString with a zero byte': common(TAG.printableString, 'a\0b'),
  'in PrintableString with a high byte': common(TAG.printableString, Buffer.from([0x61, 0xe9])),
  'in IA5String with a high byte': common(TAG.ia5String, Buffer.from([0x61, 0xe9])),
  'in broken UTF-8': common(TAG.utf8String, Buffer.from([0x61, 0xff])),
  'in UTF-8 of a surrogate': common(TAG.utf8String, Buffer.from([0xed, 0xa0, 0x80])),
  'in UTF-8 with a byte order mark': common(TAG.utf8String, '\ufeffkubernetes'),
  'with an empty value': common(TAG.utf8String, ''),
  'with a zero byte': common(TAG.utf8String, 'a\0b'),
  'with two common names': name([COMMON_NAME, TAG.utf8String, 'a'], [COMMON_NAME, TAG.utf8String, 'b']),
  'with a mail address': name(['1.2.840.113549.1.9.1', TAG.ia5String, 'a@example.com']),
  'with a long common name': common(TAG.utf8String, 'n'.repeat(300)),
  'with an empty RDN': encodeSequence(encodeDer(TAG.set)),
  'with an attribute that has more': encodeSequence(
    encodeDer(
      TAG.set,
      encodeSequence(encodeOid(COMMON_NAME), encodeDer(TAG.utf8String, Buffer.from('a')), integer('01')),
    ),
  ),
  'with an attribute without a value': encodeSequence(
    encodeDer(TAG.set, encodeSequence(encodeOid(COMMON_NAME))),
  ),
  'with an attribute of a huge OID': encodeSequence(
    encodeDer(TAG.set, encodeSequence(HUGE_OID, encodeDer(TAG.utf8String, Buffer.from('a')))),
  ),
};

/** A Name with all its strings in UTF8String. */
function inUtf8(nameDer) {
  const rdns = parseDerElements(parseDer(nameDer), TAG.sequence).map((rdn) =>
    encodeDer(
      TAG.set,
      ...parseDerElements(rdn, TAG.set).map((attribute) => {
        const [oid, value] = parseDerElements(attribute, TAG.sequence);
        return encodeSequence(oid.der, encodeDer(TAG.utf8String, value.content));
      }),
    ),
  );
  return encodeSequence(...rdns);
}

const keyUsage = (hex) => bytes(hex);
const KEY_USAGES = {
  'that signs and enciphers': keyUsage('030205a0'),
  'that signs certificates alone': keyUsage('03020204'),
  'that signs lists alone': keyUsage('03020102'),
  'that agrees on keys': keyUsage('03020308'),
  'with all bits': keyUsage('030307ff80'),
  'with no bit': keyUsage('030100'),
  'with a zero byte': keyUsage('03020000'),
  'with trailing zeros': keyUsage('03020086'),
  'with wrong unused bits': keyUsage('030201ff'),
  'with three bytes': keyUsage('030400860000'),
  'that is empty': bytes('0300'),
  'that is an INTEGER': integer('06'),
  'with bytes behind it': keyUsage('030201060500'),
};

const BASIC_CONSTRAINTS = {
  'of a CA': encodeSequence(boolean(true)),
  'of no CA': NONE,
  'with FALSE': encodeSequence(boolean(false)),
  'with a BOOLEAN of 01': bytes('3003010101'),
  'with path length 0': encodeSequence(boolean(true), integer('00')),
  'with path length 1': encodeSequence(boolean(true), integer('01')),
  'with a long path length': encodeSequence(boolean(true), integer('00ffffff')),
  'with a huge path length': encodeSequence(boolean(true), integer('0fffffffffffff')),
  'with a negative path length': encodeSequence(boolean(true), integer('ff')),
  'with a path length that is not minimal': encodeSequence(boolean(true), integer('0001')),
  'with a path length and no CA': encodeSequence(integer('00')),
  'with something behind': encodeSequence(boolean(true), integer('00'), integer('00')),
  'with bytes behind it': Buffer.concat([encodeSequence(boolean(true)), bytes('0500')]),
  'that are empty': bytes(''),
  'that are a SET': bytes('3103 0101ff'),
};

const EXT_KEY_USAGES = {
  'for servers': oids(SERVER_AUTH),
  'for clients': oids(CLIENT_AUTH),
  'for both': oids(SERVER_AUTH, CLIENT_AUTH),
  'for anything': oids('2.5.29.37.0'),
  'for code': oids('1.3.6.1.5.5.7.3.3'),
  'for what nobody knows': oids(OID.unknown),
  'for what Microsoft and Netscape gated': oids('1.3.6.1.4.1.311.10.3.3', '2.16.840.1.113730.4.1'),
  'twice for the same': oids(SERVER_AUTH, SERVER_AUTH, CLIENT_AUTH, CLIENT_AUTH),
  'for nothing': NONE,
  'with a huge OID': encodeSequence(encodeOid(SERVER_AUTH), encodeOid(CLIENT_AUTH), HUGE_OID),
  'with an INTEGER': encodeSequence(encodeOid(SERVER_AUTH), encodeOid(CLIENT_AUTH), integer('01')),
  'that is an OID': encodeOid(SERVER_AUTH),
  'with bytes behind it': Buffer.concat([oids(SERVER_AUTH, CLIENT_AUTH), bytes('0500')]),
};

const dns = (text) => generalName(2, text);
const mail = (text) => generalName(1, text);
const uri = (text) => generalName(6, text);
const ALTERNATIVE_NAMES = {
  'with another host': [dns('other.example.org')],
  'with a wildcard': [dns('*.example.com'), dns('*.default.svc')],
  'with a bare wildcard': [dns('*')],
  'with a wildcard in the middle': [dns('a.*.example.com')],
  'with a wildcard in a label': [dns('k*.default.svc')],
  'with upper case': [dns('API.Example.COM'), dns('Kubernetes.Default.Svc')],
  'with a dot at the end': [dns('api.example.com.'), dns('kubernetes.default.svc.')],
  'with a dot in front': [dns('.example.com')],
  'with an underscore': [dns('_api.example.com')],
  'with a space': [dns('api example.com')],
  'with an empty name': [dns('')],
  'with a zero byte': [dns('api.example.com\0.example.org')],
  'with a high byte': [generalName(2, Buffer.from([0x61, 0xe9]))],
  'with an address as DNS name': [dns('192.0.2.10')],
  'with a long label': [dns(`${'a'.repeat(64)}.example.com`)],
  'with IPv6': [address('20010db8000000000000000000000001')],
  'with an IPv4-mapped address': [address('00000000000000000000ffffc000020a')],
  'with an address outside': [address('0a000001')],
  'with an address excluded': [address('c00002c8')],
  'with a name excluded': [dns('x.bad.example.com')],
  'with a wildcard beside a name excluded': [dns('*.example.com')],
  'with an address of 5 bytes': [address('c000020a00')],
  'with an empty address': [address('')],
  'with mail': [mail('a@example.com')],
  'with mail elsewhere': [mail('a@example.org')],
  'with mail that is quoted': [mail('"a b"@example.com')],
  'with mail that is none': [mail('example.com')],
  'with mail with a high byte': [generalName(1, Buffer.from([0xe9, 0x40, 0x61]))],
  'with a URI': [uri('https://api.example.com/path')],
  'with a URI with a port': [uri('https://api.example.com:8443/path')],
  'with a URI with an address': [uri('https://192.0.2.10/')],
  'with a URI with IPv6': [uri('https://[2001:db8::1]/')],
  'with a SPIFFE ID': [uri('spiffe://cluster.local/ns/default/sa/default')],
  'with a URI without a host': [uri('urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6')],
  'with a URI that is none': [uri('://')],
  'with a URI with a space': [uri('https://a b/')],
  'with a URI with a bad escape': [uri('https://example.com/%zz')],
  'with a URI with a bad host': [uri('https://exa..mple/')],
  'with a URI with a bad port': [uri('https://example.com:port/')],
  'with a URI with a control character': [uri('https://example.com/\x01')],
  'with an empty URI': [uri('')],
  'with a relative URI': [uri('a/b')],
  'with a URI with a colon in its first segment': [uri('1a:b')],
  'with a URI with an underscore': [uri('https://a_b.example.com/')],
  'with a URI with a user': [uri('https://user:pass@example.com/')],
  'with a URI with a zone': [uri('https://[fe80::1%25eth0]/')],
  'with a directory name': [directoryName(name([COMMON_NAME, TAG.utf8String, 'a']))],
  'with a registered ID': [encodeDer(0x88, bytes('2a0304'))],
  'with another name': [encodeDer(0xa0, encodeOid(OID.unknown), encodeDer(0xa0, bytes('0c0161')))],
  'with a name of no kind': [encodeDer(0x89, Buffer.from('a'))],
  'with a DNS name that is constructed': [encodeDer(0xa2, bytes('160161'))],
  'with no name': [],
};

const NAME_CONSTRAINTS = {
  'that permit everything': nameConstraints([dns(''), address('0000000000000000'), address('00'.repeat(32))]),
  'that permit the names': nameConstraints([
    dns('example.com'),
    dns('local'),
    dns('svc'),
    dns('kubernetes'),
    dns('default'),
    dns('cp1'),
    address('c0000200ffffff00'),
    address('0a00000000000000'),
  ]),
  'that permit other names': nameConstraints([dns('example.org')]),
  'that permit other addresses': nameConstraints([address('0a000000ff000000')]),
  'that permit IPv6 alone': nameConstraints([
    address(`20010db8${'00'.repeat(12)}ffffffff${'00'.repeat(12)}`),
  ]),
  'that exclude the names': nameConstraints([], [dns('example.com'), dns('svc')]),
  'that exclude other names': nameConstraints([], [dns('example.org')]),
  'that exclude the addresses': nameConstraints([], [address('c0000200ffffff00')]),
  'that exclude all addresses': nameConstraints([], [address('0000000000000000')]),
  'that exclude everything': nameConstraints([], [dns('')]),
  'with a dot in front': nameConstraints([dns('.example.com'), dns('.svc')]),
  'with a dot in front that excludes': nameConstraints([], [dns('.example.com'), dns('.svc')]),
  'with a wildcard': nameConstraints([], [dns('*.example.com')]),
  'with a dot at the end': nameConstraints([], [dns('example.org.')]),
  'with an empty label': nameConstraints([], [dns('a..b')]),
  'with a high byte': nameConstraints([], [generalName(2, Buffer.from([0xe9]))]),
  'in upper case': nameConstraints([], [dns('SVC'), dns('Example.COM')]),
  'with a mask of holes': nameConstraints([], [address('c0000200ff00ff00')]),
  'with bits behind the mask': nameConstraints([], [address('c00002ffffffff00')]),
  'with an address of 6 bytes': nameConstraints([], [address('c00002ffffff')]),
  'on directory names that permit': nameConstraints([directoryName(NONE)]),
  'on directory names that permit others': nameConstraints([
    directoryName(name([COMMON_NAME, TAG.utf8String, 'nobody'])),
  ]),
  'on directory names that exclude others': nameConstraints(
    [],
    [directoryName(name([COMMON_NAME, TAG.utf8String, 'nobody']))],
  ),
  'on directory names that exclude all': nameConstraints([], [directoryName(NONE)]),
  'on registered IDs': nameConstraints([], [encodeDer(0x88, bytes('2a0304'))]),
  'on mail': nameConstraints([mail('example.com')]),
  'on mail of one mailbox': nameConstraints([mail('a@example.com')]),
  'on mail that is quoted': nameConstraints([mail('"a b"@example.com')]),
  'on mail that is none': nameConstraints([mail('a b@c')]),
  'on URIs': nameConstraints([uri('example.com')]),
  'on URIs of an address': nameConstraints([uri('192.0.2.1')]),
  'on URIs with a dot in front': nameConstraints([], [uri('.example.org')]),
  'with a minimum': encodeSequence(
    encodeDer(explicitTag(1), encodeSequence(dns('example.org'), encodeDer(implicitTag(0), bytes('00')))),
  ),
  'with a maximum': encodeSequence(
    encodeDer(explicitTag(1), encodeSequence(dns('example.org'), encodeDer(implicitTag(1), bytes('01')))),
  ),
  'with neither': NONE,
  'with two empty lists': encodeSequence(encodeDer(explicitTag(0)), encodeDer(explicitTag(1))),
  'with one empty list': encodeSequence(
    encodeDer(explicitTag(0)),
    encodeDer(explicitTag(1), encodeSequence(dns('example.org'))),
  ),
  'in the wrong order': encodeSequence(
    encodeDer(explicitTag(1), encodeSequence(dns('example.org'))),
    encodeDer(explicitTag(0), encodeSequence(dns(''))),
  ),
  'with bytes behind them': Buffer.concat([nameConstraints([], [dns('example.org')]), bytes('0500')]),
  'that are empty': bytes(''),
};

const policy = (dotted) => encodeSequence(encodeOid(dotted));
const mapping = (from, to) => encodeSequence(oids(from, to));
const point = (...fields) => encodeSequence(encodeSequence(...fields));
const fullName = (...names) => encodeDer(explicitTag(0), encodeDer(explicitTag(0), ...names));
/** Extensions that no certificate of a cluster has, by OID. */
const OTHERS = {
  [OID.certificatePolicies]: {
    'of one policy': encodeSequence(policy('1.2.3.4')),
    'of any policy': encodeSequence(policy(ANY_POLICY)),
    'twice the same policy': encodeSequence(policy('1.2.3.4'), policy('1.2.3.4')),
    'with a huge OID': encodeSequence(encodeSequence(HUGE_OID)),
    'with a qualifier': encodeSequence(encodeSequence(encodeOid('1.2.3.4'), encodeSequence(integer('01')))),
    'with a qualifier that is cut short': encodeSequence(
      encodeSequence(encodeOid('1.2.3.4'), bytes('30050201')),
    ),
    'of no policy': NONE,
    'without an OID': encodeSequence(NONE),
    'with an INTEGER for a policy': encodeSequence(encodeSequence(integer('01'))),
    'with an OID that is not minimal': encodeSequence(encodeSequence(bytes('06032a8001'))),
    'that are bare OIDs': encodeSequence(encodeOid('1.2.3.4')),
  },
  [OID.policyMappings]: {
    'of one policy': mapping('1.2.3.4', '1.2.3.5'),
    'from any policy': mapping(ANY_POLICY, '1.2.3.5'),
    'to any policy': mapping('1.2.3.4', ANY_POLICY),
    'of none': NONE,
    'with one side': encodeSequence(oids('1.2.3.4')),
    'with an INTEGER': encodeSequence(encodeSequence(encodeOid('1.2.3.4'), integer('01'))),
  },
  [OID.policyConstraints]: {
    'that ask for a policy': encodeSequence(encodeDer(implicitTag(0), bytes('00'))),
    'that ask for a policy below': encodeSequence(encodeDer(implicitTag(0), bytes('05'))),
    'that forbid mappings': encodeSequence(encodeDer(implicitTag(1), bytes('00'))),
    'that ask for nothing': NONE,
    'with a long number': encodeSequence(encodeDer(implicitTag(1), bytes('7f'.repeat(9)))),
    'with an empty number': encodeSequence(encodeDer(implicitTag(1))),
    'with a number that is not minimal': encodeSequence(encodeDer(implicitTag(1), bytes('0001'))),
    'with a negative number': encodeSequence(encodeDer(implicitTag(1), bytes('ff'))),
    'that are an INTEGER': integer('00'),
  },
  [OID.inhibitAnyPolicy]: {
    'at once': integer('00'),
    later: integer('05'),
    'that is negative': integer('ff'),
    'that is not minimal': integer('0001'),
    'that is empty': integer(''),
    'that is long': integer('7f'.repeat(9)),
    'that is a SEQUENCE': NONE,
  },
  [OID.authorityInfoAccess]: {
    'of OCSP': encodeSequence(encodeSequence(encodeOid('1.3.6.1.5.5.7.48.1'), uri('http://example.com'))),
    'of an unknown method': encodeSequence(encodeSequence(encodeOid('1.2.3.4'), uri('http://example.com'))),
    'of nothing': NONE,
    'without a method': encodeSequence(NONE),
    'with an INTEGER for a method': encodeSequence(encodeSequence(integer('01'), uri('http://example.com'))),
    'with a huge OID': encodeSequence(encodeSequence(HUGE_OID, uri('http://example.com'))),
    'without a place': encodeSequence(oids('1.3.6.1.5.5.7.48.1')),
  },
  [OID.crlDistributionPoints]: {
    'with a URI': point(fullName(uri('http://example.com/crl'))),
    'with a directory name': point(fullName(directoryName(NONE))),
    'with an issuer alone': point(encodeDer(explicitTag(2), directoryName(NONE))),
    'with nothing in a point': encodeSequence(NONE),
    'with no point': NONE,
    'with a name relative to the issuer': point(encodeDer(explicitTag(0), encodeDer(explicitTag(1)))),
    'with an empty name': point(encodeDer(explicitTag(0))),
    'that are a point': encodeSequence(integer('01')),
  },
  [OID.unknown]: { 'that nobody knows': bytes('0500') },
  // From RFC 5280 4.2: what Go leaves aside.
  '2.5.29.18': { issuerAltName: encodeSequence(dns('example.com')) },
  '2.5.29.9': { subjectDirectoryAttributes: NONE },
  '2.5.29.54.1': { 'below inhibitAnyPolicy': bytes('0500') },
};

const identifier = (hex) => encodeSequence(encodeDer(implicitTag(0), bytes(hex)));
const KEY_IDENTIFIERS = {
  [OID.subjectKeyIdentifier]: {
    'of another key': encodeDer(TAG.octetString, bytes('11'.repeat(20))),
    empty: encodeDer(TAG.octetString),
    'with bytes behind it': bytes('0401110500'),
    'that is none': integer('01'),
  },
  [OID.authorityKeyIdentifier]: {
    'of another key': identifier('11'.repeat(20)),
    'with an empty identifier': identifier(''),
    'with nothing in it': NONE,
    'with a name and number alone': encodeSequence(
      encodeDer(explicitTag(1), directoryName(name([COMMON_NAME, TAG.utf8String, 'nobody']))),
      encodeDer(implicitTag(2), bytes('01')),
    ),
    'with a wrong name and number, too': encodeSequence(
      encodeDer(implicitTag(0), bytes('11')),
      encodeDer(explicitTag(1), directoryName(name([COMMON_NAME, TAG.utf8String, 'nobody']))),
      encodeDer(implicitTag(2), bytes('01')),
    ),
    'with an explicit identifier': encodeSequence(encodeDer(explicitTag(0), bytes('040111'))),
    'with bytes behind it': Buffer.concat([identifier('11'), bytes('0500')]),
    'that is none': integer('01'),
  },
};

const rows = (label, oid, values, critical, more) =>
  Object.entries(values).map(([kind, value]) => extension(`${label} ${kind}`, oid, value, critical, more));

const PSS = (hash, salt) => {
  const [hashOid, length] = { sha256: ['2.16.840.1.101.3.4.2.1', 32], sha1: ['1.3.14.3.2.26', 20] }[hash];
  const algorithm = encodeSequence(encodeOid(hashOid), bytes('0500'));
  const mgf1 = encodeSequence(encodeOid('1.2.840.113549.1.1.8'), algorithm);
  return {
    algorithm: encodeSequence(
      encodeOid('1.2.840.113549.1.1.10'),
      encodeSequence(
        encodeDer(explicitTag(0), algorithm),
        encodeDer(explicitTag(1), mgf1),
        encodeDer(explicitTag(2), encodeInteger(Uint8Array.of(salt ?? length))),
      ),
    ),
    hash,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: salt ?? length,
  };
};
const rsaScheme = (number, hash, parameters = '0500') => ({
  algorithm: encodeSequence(encodeOid(`1.2.840.113549.1.1.${number}`), bytes(parameters)),
  hash,
});
const ecScheme = (oid, hash, parameters = '') => ({
  algorithm: encodeSequence(encodeOid(oid), bytes(parameters)),
  hash,
});
const SCHEMES = {
  rsa: {
    'SHA-1': rsaScheme(5, 'sha1'),
    MD5: rsaScheme(4, 'md5'),
    'SHA-384': rsaScheme(12, 'sha384'),
    'SHA-512': rsaScheme(13, 'sha512'),
    'SHA-224': rsaScheme(14, 'sha224'),
    'SHA-256 without parameters': rsaScheme(11, 'sha256', ''),
    'SHA-256 with other parameters': rsaScheme(11, 'sha256', '020100'),
    'SHA-256 and two parameters': rsaScheme(11, 'sha256', '05000500'),
    'RSASSA-PSS': PSS('sha256'),
    'RSASSA-PSS with SHA-1': PSS('sha1'),
    'RSASSA-PSS with a short salt': PSS('sha256', 20),
    'another hash than it says': rsaScheme(11, 'sha384'),
  },
  ec: {
    'SHA-1': ecScheme('1.2.840.10045.4.1', 'sha1'),
    'SHA-224': ecScheme('1.2.840.10045.4.3.1', 'sha224'),
    'SHA-256': ecScheme('1.2.840.10045.4.3.2', 'sha256'),
    'SHA-512': ecScheme('1.2.840.10045.4.3.4', 'sha512'),
    'SHA-256 with parameters': ecScheme('1.2.840.10045.4.3.2', 'sha256', '0500'),
    'another hash than it says': ecScheme('1.2.840.10045.4.3.2', 'sha384'),
  },
  ed25519: { 'Ed25519 with parameters': ecScheme('1.3.101.112', null, '0500') },
};

/** A SubjectPublicKeyInfo with another algorithm, or other bits, than the key has. */
function otherSpki({ spki }, { algorithm, bits }) {
  const { key } = spkiParts(spki);
  return encodeSequence(algorithm ?? spkiParts(spki).algorithm, bits === undefined ? key : bits(key));
}

function spkiParts(spki) {
  const jwkLike = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return { kind: jwkLike.asymmetricKeyType, ...splitSpki(spki) };
}

function splitSpki(spki) {
  const head = spki[1] < 0x80 ? 2 : 2 + (spki[1] & 0x7f);
  const end = head + 2 + spki[head + 1];
  return { algorithm: spki.subarray(head, end), key: spki.subarray(end) };
}

const isRsa = ({ spki }) => spkiParts(spki).kind === 'rsa';
const isEc = ({ spki }) => spkiParts(spki).kind === 'ec';
const isEd = ({ spki }) => spkiParts(spki).kind === 'ed25519';
/** The content of a BIT STRING, its unused bits with it, changed. */
const ofBits = (change) => (der) => {
  const head = der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7f);
  return encodeDer(TAG.bitString, change(Buffer.from(der.subarray(head))));
};
const spkiRow = (kind, where, other) =>
  row(kind, (parts) => ({ ...parts, spki: otherSpki(parts, other) }), { where });

/** Everything that can be changed in one certificate before it is signed again. `of`: leaf, ca (with anchors), or any. */
const signedRows = () => [
  set('version 1, extensions and all', 'version', undefined),
  row('version 1', (parts) => ({ ...parts, version: undefined, extensions: undefined })),
  row('version 2', (parts) => ({
    ...parts,
    version: encodeDer(explicitTag(0), integer('01')),
    extensions: undefined,
  })),
  set('version 2, extensions and all', 'version', encodeDer(explicitTag(0), integer('01'))),
  set('version 1 written out', 'version', encodeDer(explicitTag(0), integer('00'))),
  set('version 4', 'version', encodeDer(explicitTag(0), integer('03'))),
  set('a negative version', 'version', encodeDer(explicitTag(0), integer('ff'))),
  ...Object.entries(SERIALS).map(([kind, hex]) => set(`a serial number ${kind}`, 'serial', integer(hex))),
  set('a serial number that is a string', 'serial', encodeDer(TAG.utf8String, Buffer.from('1'))),
  ...Object.entries(TIMES).map(([kind, der]) => set(`notAfter ${kind}`, 'notAfter', der)),
  set('notBefore in GeneralizedTime', 'notBefore', time(TAG.generalizedTime, '20250101000000Z')),
  row('notBefore and notAfter exchanged', ({ notBefore, notAfter, ...parts }) => ({
    ...parts,
    notBefore: notAfter,
    notAfter: notBefore,
  })),
  row('expired', (parts, { at }) => ({ ...parts, notAfter: encodeTime(new Date(at - 1000)) })),
  row('not yet valid', (parts, { at }) => ({
    ...parts,
    notBefore: encodeTime(new Date(at.getTime() + 1000)),
  })),
  row('valid for a hundred years', (parts, { at }) => ({
    ...parts,
    notAfter: encodeTime(new Date(at.getTime() + 100 * YEAR_MS)),
  })),
  ...Object.entries(NAMES).flatMap(([kind, der]) => [
    set(`a subject ${kind}`, 'subject', der),
    set(`a subject ${kind}, which the certificate below knows`, 'subject', der, FOLLOWED),
  ]),
  ...['in UTF8String', 'in PrintableString', 'empty', 'with an empty value'].map((kind) =>
    set(`an issuer ${kind}`, 'issuer', NAMES[kind]),
  ),
  row('an issuer in other strings', (parts) => ({ ...parts, issuer: inUtf8(parts.issuer) }), {
    ...LEAF,
    where: ({ issuer }) => issuer.includes(TAG.printableString),
  }),
  row('a leaf with the name of its issuer', (parts) => ({ ...parts, subject: parts.issuer }), LEAF),
  row('its own name as issuer', (parts) => ({ ...parts, issuer: parts.subject })),
  row('the name of its issuer', (parts) => ({ ...parts, subject: parts.issuer })),
  row(
    'the name of its issuer, which the certificate below knows',
    (parts) => ({ ...parts, subject: parts.issuer }),
    FOLLOWED,
  ),
  row('no extensions', (parts) => ({ ...parts, extensions: undefined })),
  row('an empty list of extensions', (parts) => ({ ...parts, extensions: [] })),
  row('unique identifiers', (parts) => ({
    ...parts,
    uniqueIds: [encodeDer(implicitTag(1), bytes('0061')), encodeDer(implicitTag(2), bytes('0061'))],
  })),
  row('something behind the extensions', (parts) => ({ ...parts, end: [integer('01')] })),
  ...Object.values(OID).flatMap((oid) => [
    row(`without ${oid}`, (parts) => withExtension(parts, oid), { where: has(oid) }),
    row(
      `${oid} turned critical or not`,
      (parts) => ({
        ...parts,
        extensions: parts.extensions.map((each) =>
          each.oid === oid ? { ...each, critical: each.critical === undefined ? 0xff : undefined } : each,
        ),
      }),
      { where: has(oid) },
    ),
    row(
      `${oid} not critical in so many words`,
      (parts) => withExtension(parts, oid, valueIn(parts, oid), 0),
      {
        where: has(oid),
      },
    ),
    row(
      `${oid} critical with a BOOLEAN of 01`,
      (parts) => withExtension(parts, oid, valueIn(parts, oid), 1),
      {
        where: has(oid),
      },
    ),
    row(
      `${oid} twice`,
      (parts) => ({
        ...parts,
        extensions: [...parts.extensions, parts.extensions.find((each) => each.oid === oid)],
      }),
      { where: has(oid) },
    ),
    row(`${oid} cut short`, (parts) => withExtension(parts, oid, valueIn(parts, oid).slice(0, -1)), {
      where: has(oid),
    }),
  ]),
  row('extensions in the other order', (parts) => ({ ...parts, extensions: parts.extensions.toReversed() }), {
    where: ({ extensions }) => extensions !== undefined,
  }),
  ...rows('keyUsage', OID.keyUsage, KEY_USAGES, 0xff),
  ...rows('basicConstraints', OID.basicConstraints, BASIC_CONSTRAINTS, 0xff),
  ...rows('extKeyUsage', OID.extKeyUsage, EXT_KEY_USAGES),
  ...rows('of a server extKeyUsage', OID.extKeyUsage, EXT_KEY_USAGES, undefined, SERVER),
  ...Object.entries(ALTERNATIVE_NAMES).flatMap(([kind, names]) => [
    extension(`subjectAltName ${kind}`, OID.subjectAltName, encodeSequence(...names), undefined, SERVER),
    extension(`subjectAltName ${kind}, critical`, OID.subjectAltName, encodeSequence(...names), 0xff, LEAF),
    extension(`subjectAltName ${kind} of a CA`, OID.subjectAltName, encodeSequence(...names), undefined, CA),
  ]),
  ...rows('nameConstraints', OID.nameConstraints, NAME_CONSTRAINTS, 0xff, CA),
  ...rows('nameConstraints that are not critical', OID.nameConstraints, NAME_CONSTRAINTS, undefined, CA),
  ...['that exclude other names', 'that exclude everything', 'with neither'].map((kind) =>
    extension(`nameConstraints ${kind} of a leaf`, OID.nameConstraints, NAME_CONSTRAINTS[kind], 0xff, LEAF),
  ),
  ...Object.entries(OTHERS).flatMap(([oid, values]) => [
    ...rows(oid, oid, values),
    ...rows(`critical ${oid}`, oid, values, 0xff),
  ]),
  ...Object.entries(KEY_IDENTIFIERS).flatMap(([oid, values]) => rows(oid, oid, values)),
  ...Object.entries(SCHEMES).flatMap(([type, schemes]) =>
    Object.entries(schemes).map(([kind, scheme]) =>
      row(`a signature with ${kind}`, (parts) => ({ ...parts, scheme }), { signerType: type }),
    ),
  ),
  set('another algorithm beside the signature', 'outerAlgorithm', bytes('300a06082a8648ce3d040304')),
  ...Object.entries({ ...strangers().signing, ...strangers().other }).map(([kind, pair]) =>
    set(kind, 'spki', spkiOf(pair)),
  ),
  ...Object.entries(strangers().signing).map(([kind, pair]) =>
    row(
      `${kind}, with which it signs`,
      (parts) => ({ ...parts, spki: spkiOf(pair), ownKey: pair.privateKey }),
      FOLLOWED,
    ),
  ),
  spkiRow('an RSA key without parameters', isRsa, {
    algorithm: encodeSequence(encodeOid('1.2.840.113549.1.1.1')),
  }),
  spkiRow('an RSA key with a byte behind it', isRsa, {
    bits: ofBits((bits) => Buffer.concat([bits, bytes('00')])),
  }),
  spkiRow('an RSA key of zeros', isRsa, { bits: ofBits((bits) => bits.fill(0, 12, 60)) }),
  spkiRow('a point that is compressed', isEc, {
    bits: ofBits((bits) => {
      const size = (bits.length - 2) / 2;
      return Buffer.concat([Uint8Array.of(0, 2 + (bits.at(-1) % 2)), bits.subarray(2, 2 + size)]);
    }),
  }),
  spkiRow('a point that is not on the curve', isEc, { bits: ofBits((bits) => bits.fill(0x11, 10, 14)) }),
  spkiRow('a point in hybrid form', isEc, { bits: ofBits((bits) => bits.fill(6 + (bits.at(-1) % 2), 1, 2)) }),
  spkiRow('the point at infinity', isEc, { bits: () => bytes('03020000') }),
  spkiRow('an Ed25519 key of 31 bytes', isEd, { bits: ofBits((bits) => bits.subarray(0, -1)) }),
  spkiRow('an Ed25519 key with parameters', isEd, { algorithm: bytes('300706032b65700500') }),
  spkiRow('a key with unused bits', () => true, {
    bits: ofBits((bits) => Buffer.from([1, ...bits.subarray(1, -1), bits.at(-1) & 0xfe])),
  }),
  spkiRow('a key of an unknown algorithm', () => true, { algorithm: encodeSequence(encodeOid(OID.unknown)) }),
];

/** Signs a certificate of a path with its issuer's key, and those below it that are to follow. */
function reissue(certificates, index, parts, isFollowed) {
  const { ownKey, ...changed } = parts;
  const isAnchor = index === certificates.length - 1;
  const key = ownKey ?? certificates[index].key;
  const signer = isAnchor ? key : certificates[index + 1].key;
  const replaced = certificates.with(index, { key, der: putTogether(changed, signer) });
  if (!isFollowed || index === 0) return replaced;
  const below = takeApart(replaced[index - 1].der);
  return replaced.with(index - 1, {
    ...replaced[index - 1],
    der: putTogether({ ...below, issuer: changed.subject }, key),
  });
}

/** The question about a path whose last certificate is trusted. */
export function questionOf({ name: chain, purpose, host, at, certificates, tree }, more = {}) {
  const ders = certificates.map(({ der }) => der);
  return {
    chain,
    kind: 'as it is',
    leaf: ders[0],
    intermediates: ders.slice(1, -1),
    anchors: ders.slice(-1),
    purpose,
    host,
    at,
    tree,
    ...more,
  };
}

const roleOf = (index, { length }) => (index === 0 ? 'leaf' : index === length - 1 ? 'anchor' : 'CA');
const fits = ({ of, purpose }, chain, index) =>
  (of === 'any' || (of === 'leaf') === (index === 0)) && (purpose ?? chain.purpose) === chain.purpose;

/** A question for each place of a path, drawn by chance, where a row applies. */
function signedQuestion(chain, index, { kind, where, change, isFollowed = false, signerType }) {
  const { certificates, at } = chain;
  const parts = takeApart(certificates[index].der);
  const { key } = certificates[Math.min(index + 1, certificates.length - 1)];
  if (!where(parts) || (signerType !== undefined && key.asymmetricKeyType !== signerType)) return undefined;
  const changed = reissue(certificates, index, change(parts, { at }), isFollowed);
  return questionOf({ ...chain, certificates: changed }, { kind, role: roleOf(index, certificates) });
}

/** Bits of a certificate that are other than they were; what is signed is signed again, unless `isRaw`. */
function flippedQuestion(chain, index, random, isRaw) {
  const { certificates } = chain;
  const { der } = certificates[index];
  const { key } = certificates[Math.min(index + 1, certificates.length - 1)];
  const flip = (target) => {
    const at = Math.floor(random() * target.length);
    target[at] ^= 1 << Math.floor(random() * 8);
  };
  let changed;
  if (isRaw) flip((changed = Buffer.from(der)));
  else changed = signAgain(der, key, flip);
  const kind = isRaw ? 'a bit flipped' : 'a bit flipped before it was signed';
  return questionOf(
    { ...chain, certificates: certificates.with(index, { key, der: changed }) },
    { kind, role: roleOf(index, certificates), isByChance: true },
  );
}

/** A byte that is another, which changes tags and lengths more than a bit does. */
function overwrittenQuestion(chain, index, random) {
  const { certificates } = chain;
  const { key } = certificates[Math.min(index + 1, certificates.length - 1)];
  const changed = signAgain(certificates[index].der, key, (tbs) => {
    // Most of what has structure comes first and last.
    tbs[Math.floor(random() * tbs.length)] = Math.floor(random() * 256);
  });
  return questionOf(
    { ...chain, certificates: certificates.with(index, { key, der: changed }) },
    { kind: 'a byte overwritten before it was signed', role: roleOf(index, certificates), isByChance: true },
  );
}

function cutQuestion(chain, index, random) {
  const { certificates } = chain;
  const { der } = certificates[index];
  const length = Math.floor(random() * der.length);
  const isLonger = random() < 0.2;
  const changed = isLonger ? Buffer.concat([der, bytes('0000')]) : der.subarray(0, length);
  return questionOf(
    { ...chain, certificates: certificates.with(index, { ...certificates[index], der: changed }) },
    { kind: isLonger ? 'bytes behind a certificate' : 'cut short', role: roleOf(index, certificates) },
  );
}

/** The signature with unused bits, where its last bits are zero: whoever shifts them out finds another signature. */
function unusedBitsQuestion(chain, index) {
  const { certificates } = chain;
  const { key } = certificates[Math.min(index + 1, certificates.length - 1)];
  const parts = takeApart(certificates[index].der);
  for (let number = 1; ; number += 1) {
    const serial = encodeInteger(Buffer.from([0x40, number >> 8, number & 0xff]));
    const der = putTogether({ ...parts, serial }, key);
    if (der.at(-1) % 2 === 0)
      return questionOf(
        {
          ...chain,
          certificates: certificates.with(index, { ...certificates[index], der: withUnusedBits(der, 1) }),
        },
        { kind: 'a signature with unused bits', role: roleOf(index, certificates) },
      );
  }
}

/** Another certificate of the same CA, by another CA or with another key. */
function twinOf(certificates, index, change) {
  const parts = takeApart(certificates[index].der);
  const isAnchor = index === certificates.length - 1;
  const { ownKey = certificates[index].key, ...changed } = change(parts);
  return putTogether(changed, isAnchor ? ownKey : certificates[index + 1].key);
}
const strangerOf = (certificates, index) =>
  twinOf(certificates, index, (parts) => ({
    ...parts,
    spki: spkiOf(stranger()),
    ownKey: stranger().privateKey,
  }));
const renewedOf = (certificates, index) =>
  twinOf(certificates, index, (parts) => ({ ...parts, serial: integer('0badcafe') }));
const endedOf = (certificates, index, at) =>
  twinOf(certificates, index, (parts) => ({ ...parts, notAfter: encodeTime(new Date(at - 1000)) }));
/** The anchor, signed by somebody else under another name. */
function crossSigned(certificates) {
  const parts = takeApart(certificates.at(-1).der);
  const issuer = NAMES['in UTF8String'];
  return putTogether({ ...parts, issuer }, stranger().privateKey);
}
function crossSigner(certificates) {
  const parts = takeApart(certificates.at(-1).der);
  const subject = NAMES['in UTF8String'];
  return putTogether({ ...parts, issuer: subject, subject, spki: spkiOf(stranger()) }, stranger().privateKey);
}
/** The leaf made a CA, with a leaf of its own. */
function belowLeaf(certificates) {
  const parts = takeApart(certificates[0].der);
  return putTogether({ ...parts, issuer: parts.subject, serial: integer('0badcafe') }, certificates[0].key);
}

/** What can be otherwise about the certificates of a path together. */
const TOGETHER = {
  'as it is': () => ({}),
  'no intermediates': () => ({ intermediates: [] }),
  'no anchors': () => ({ anchors: [] }),
  'intermediates in the other order': ({ ders }) => ({ intermediates: ders.slice(1, -1).toReversed() }),
  'intermediates twice': ({ ders }) => ({ intermediates: [...ders.slice(1, -1), ...ders.slice(1)] }),
  'the anchor among the intermediates, and trusted': ({ ders }) => ({ intermediates: ders.slice(1) }),
  'the anchor among the intermediates alone': ({ ders }) => ({ intermediates: ders.slice(1), anchors: [] }),
  'everything is trusted': ({ ders }) => ({ anchors: ders }),
  'the leaf alone is trusted': ({ ders }) => ({ anchors: ders.slice(0, 1), intermediates: [] }),
  'the CA of the leaf is trusted': ({ ders }) => ({ anchors: ders.slice(1, 2), intermediates: [] }),
  'the leaf among the intermediates': ({ ders }) => ({ intermediates: ders.slice(0, -1) }),
  'a CA is looked at': ({ ders }) => ({ leaf: ders[1], host: undefined }),
  'the anchor is looked at': ({ ders }) => ({ leaf: ders.at(-1), host: undefined }),
  'a CA of the same name with another key is trusted': ({ certificates }) => ({
    anchors: [strangerOf(certificates, certificates.length - 1)],
  }),
  'a CA of the same name with another key is trusted, too': ({ certificates, ders }) => ({
    anchors: [strangerOf(certificates, certificates.length - 1), ders.at(-1)],
  }),
  'an intermediate of the same name with another key': ({ certificates }) => ({
    intermediates: certificates.slice(1, -1).map((_, index) => strangerOf(certificates, index + 1)),
  }),
  'an intermediate of the same name with another key, too': ({ certificates, ders }) => ({
    intermediates: [
      ...certificates.slice(1, -1).map((_, index) => strangerOf(certificates, index + 1)),
      ...ders.slice(1, -1),
    ],
  }),
  'a renewed anchor': ({ certificates }) => ({ anchors: [renewedOf(certificates, certificates.length - 1)] }),
  'an expired anchor, too': ({ certificates, ders, at }) => ({
    anchors: [endedOf(certificates, certificates.length - 1, at), ders.at(-1)],
  }),
  'an expired intermediate, too': ({ certificates, ders, at }) => ({
    intermediates: [
      ...certificates.slice(1, -1).map((_, index) => endedOf(certificates, index + 1, at)),
      ...ders.slice(1, -1),
    ],
  }),
  'cross-signed, and the other root is trusted': ({ certificates, ders }) => ({
    anchors: [crossSigner(certificates)],
    intermediates: [...ders.slice(1, -1), crossSigned(certificates)],
  }),
  'cross-signed, and the other root is not at hand': ({ certificates, ders }) => ({
    anchors: [],
    intermediates: [...ders.slice(1, -1), crossSigned(certificates)],
  }),
  'cross-signed, and both are trusted': ({ certificates, ders }) => ({
    anchors: [ders.at(-1), crossSigner(certificates)],
    intermediates: [...ders.slice(1, -1), crossSigned(certificates)],
  }),
  'a CA that is cross-signed is trusted': ({ certificates }) => ({ anchors: [crossSigned(certificates)] }),
  'a certificate signed by the leaf': ({ certificates, ders }) => ({
    leaf: belowLeaf(certificates),
    intermediates: ders.slice(0, -1),
  }),
  'for servers': () => ({ purpose: 'serverAuth', host: undefined }),
  'for clients': () => ({ purpose: 'clientAuth', host: undefined }),
  'for its host with a dot behind': ({ host = 'localhost' }) => ({ host: `${host}.` }),
  'for anything': () => ({ purpose: 'anyExtendedKeyUsage', host: undefined }),
  ...Object.fromEntries(
    [
      'kubernetes',
      'KUBERNETES',
      'kubernetes.',
      '192.0.2.10',
      'api.example.com',
      '10.96.0.1',
      '2001:db8::10',
      'example.org',
      'a..b',
      '*',
      '-',
    ].map((host) => [`for the host ${host}`, () => ({ host })]),
  ),
};

/** Seconds and milliseconds around the ends of a certificate's validity. */
const EDGES_MS = [-1000, -1, 0, 1, 999, 1000];

function edgeQuestions(chain, { notBefore, notAfter }, role) {
  return [
    ['notBefore', notBefore],
    ['notAfter', notAfter],
  ].flatMap(([end, moment]) =>
    EDGES_MS.map((offset) =>
      questionOf(chain, {
        kind: `${offset} ms from ${end}`,
        role,
        at: new Date(moment.getTime() + offset),
      }),
    ),
  );
}

/** Whether a path is signed again in next to no time: the long RSA keys are drawn less often. */
const isQuick = ({ certificates }) =>
  certificates.every(({ key }) => (key.asymmetricKeyDetails.modulusLength ?? 0) <= 2048);

/** How many paths each row is applied to, and how many certificates are changed at random. */
const COUNTS = {
  signed: 5,
  flips: 900,
  overwritten: 600,
  rawFlips: 250,
  cuts: 80,
  unusedBits: 24,
  edges: 10,
};

/**
 * All questions: each of a path of which one thing is otherwise.
 *
 * @param readValidity Gives `notBefore` and `notAfter` of a certificate.
 */
export function mutatedQuestions(chains, random, readValidity) {
  const one = (values) => values[Math.floor(random() * values.length)];
  const quick = chains.filter(isQuick);
  const oneChain = () => one(random() < 0.1 ? chains : quick);
  const drawn = (count, make) => Array.from({ length: count }, (_, number) => make(oneChain(), number));
  const anywhere = ({ certificates }) => Math.floor(random() * certificates.length);
  const signed = signedRows().flatMap((each) => {
    const found = [];
    // Where it applies to few paths, more are tried.
    for (let tries = 0; found.length < COUNTS.signed && tries < 100; tries += 1) {
      const chain = oneChain();
      const index = anywhere(chain);
      const question = fits(each, chain, index) ? signedQuestion(chain, index, each) : undefined;
      if (question !== undefined) found.push(question);
    }
    return found;
  });
  const together = Object.entries(TOGETHER).flatMap(([kind, change]) =>
    drawn(COUNTS.signed, (chain) => {
      const ders = chain.certificates.map(({ der }) => der);
      return questionOf(chain, { kind, ...change({ ...chain, ders }), tree: undefined });
    }),
  );
  return [
    ...chains.map((chain) => questionOf(chain)),
    ...signed,
    ...together,
    ...drawn(COUNTS.flips, (chain) => flippedQuestion(chain, anywhere(chain), random, false)),
    ...drawn(COUNTS.overwritten, (chain) => overwrittenQuestion(chain, anywhere(chain), random)),
    ...drawn(COUNTS.rawFlips, (chain) => flippedQuestion(chain, anywhere(chain), random, true)),
    ...drawn(COUNTS.cuts, (chain) => cutQuestion(chain, anywhere(chain), random)),
    ...drawn(COUNTS.unusedBits, (chain) => unusedBitsQuestion(chain, anywhere(chain))),
    ...drawn(COUNTS.edges, (chain, number) => {
      // Of half of the paths the leaf, which ends first.
      const index = number % 2 === 0 ? 0 : anywhere(chain);
      return edgeQuestions(
        chain,
        readValidity(chain.certificates[index].der),
        roleOf(index, chain.certificates),
      );
    }).flat(),
  ];
}
