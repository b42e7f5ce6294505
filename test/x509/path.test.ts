import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { strictReader } from '../../src/x509/certificate-reader.ts';
import {
  encodeBitString,
  encodeDer,
  encodeInteger,
  encodeOid,
  encodeSequence,
  parseDer,
  parseDerElements,
  TAG,
} from '../../src/x509/der.ts';
import type { Certificate } from '../../src/x509/model.ts';
import { encodeName } from '../../src/x509/name.ts';
import type { PathRuleId } from '../../src/x509/path-rules.ts';
import { validatePath } from '../../src/x509/path.ts';
import { parsePemBlocks } from '../../src/x509/pem.ts';
import { encodeTime } from '../../src/x509/time.ts';
import {
  AT,
  AUTHORITY_KEY_IDENTIFIER,
  BASIC_CONSTRAINTS,
  bytes,
  CA,
  certify,
  type Chain,
  type Change,
  directory,
  dns,
  EXT_KEY_USAGE,
  type Holder,
  holder,
  KEY_USAGE,
  LEAF,
  NAME_CONSTRAINTS,
  nameConstraints,
  problemsOf,
  ROOT,
  SUBJECT_ALT_NAME,
  SUBJECT_KEY_IDENTIFIER,
  uri,
  validateChain,
} from './path-forge.ts';

const UNKNOWN = '1.2.3.4';
const AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';
const POLICY_CONSTRAINTS = '2.5.29.36';
const INHIBIT_ANY_POLICY = '2.5.29.54';
const CRL_DISTRIBUTION_POINTS = '2.5.29.31';
const CERTIFICATE_POLICIES = '2.5.29.32';
const POLICY_MAPPINGS = '2.5.29.33';

const past = encodeTime(new Date('2026-11-30T23:59:59Z'));
const now = encodeTime(AT);
const future = encodeTime(new Date('2026-12-01T00:00:01Z'));
const nobody = encodeSequence();
const NO_SIGN = '03020780';
const PATH_LENGTH_0 = '30060101ff020100';

/** An extension with a value, critical. */
const critical = (oid: string, value: string): Change => ({ values: { [oid]: value }, turned: [oid] });
const value = (oid: string, der: string | Uint8Array | undefined): Change => ({ values: { [oid]: der } });
const usages = (...oids: readonly string[]): Change =>
  value(EXT_KEY_USAGE, encodeSequence(...oids.map(encodeOid)));
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** The chain with a leaf or a CA that has another key. */
const leafKey = (spkiDer: Uint8Array): Chain => ({ leaf: { spkiDer } });
function caKey(key: Holder): Chain {
  return { ca: { spkiDer: key.spkiDer }, leaf: { signature: signatureOf(key.privateKey) } };
}
function signatureOf(key: KeyObject, hash = 'sha256'): NonNullable<Change['signature']> {
  const isRsa = key.asymmetricKeyType === 'rsa';
  return {
    algorithm: bytes(isRsa ? '300d06092a864886f70d01010b0500' : '300a06082a8648ce3d040302'),
    hash,
    key,
  };
}
const rsa = (modulusLength: number): Holder => holder('rsa', generateKeyPairSync('rsa', { modulusLength }));
const ec = (namedCurve: string): Holder => holder('ec', generateKeyPairSync('ec', { namedCurve }));

/** DER of an RSA key that has only its form, not its mathematics. */
function rsaSpki(bits: number, exponent: string, parameters = '0500'): Uint8Array {
  const modulus = Buffer.alloc(bits / 8, 0xff);
  const key = encodeSequence(encodeInteger(modulus), encodeInteger(bytes(exponent)));
  const algorithm = encodeSequence(encodeOid('1.2.840.113549.1.1.1'), bytes(parameters));
  return encodeSequence(algorithm, encodeBitString(key));
}

const LOWER = holder('lower');
/** The CA with a new key. */
const ROLLED = holder('ca');

/** RSA with an exponent that OpenSSL takes for its amount. */
function negativeExponent(): Uint8Array {
  const key = encodeSequence(encodeInteger(Buffer.alloc(256, 0xff)), encodeDer(TAG.integer, bytes('ff')));
  return encodeSequence(bytes('300d06092a864886f70d0101010500'), encodeBitString(key));
}

/** DER of a key on P-256 that has only its form. */
function ecSpki(point: string): Uint8Array {
  return encodeSequence(bytes('301306072a8648ce3d020106082a8648ce3d030107'), encodeBitString(bytes(point)));
}

const printable = (text: string): Uint8Array =>
  encodeSequence(
    encodeDer(
      TAG.set,
      encodeSequence(encodeOid('2.5.4.3'), encodeDer(TAG.printableString, Buffer.from(text))),
    ),
  );
/** A leaf with that extension. */
const leafValue = (oid: string, der: string): Chain => ({ leaf: value(oid, der) });
const leafUri = (text: string): Chain => ({
  leaf: value(SUBJECT_ALT_NAME, encodeSequence(dns('a.example'), uri(text))),
});

/** Two CAs between leaf and root. */
function longChain(lower: Holder, upper: Change, options: Chain['options'] = {}): Chain {
  return {
    leaf: {
      issuerDer: encodeName({ commonName: lower.name }),
      signature: signatureOf(lower.privateKey),
      ...value(AUTHORITY_KEY_IDENTIFIER, encodeSequence(encodeDer(0x80, Buffer.from(lower.name)))),
    },
    options: { intermediates: [certify(lower, CA, true), certify(CA, ROOT, true, upper)], ...options },
  };
}

type Row = readonly [title: string, chain: Chain, problems: readonly string[]];

/** How each rule is broken, and how it just is not. The problems are all that there are. */
const ROWS: Readonly<Record<PathRuleId, readonly Row[]>> = {
  'issuer-absent': [
    ['no CA at hand', { options: { intermediates: [] } }, ['leaf issuer-absent']],
    ['no anchor at hand', { options: { anchors: [] } }, ['ca issuer-absent']],
    [
      'a root that is not trusted',
      { options: { anchors: [], intermediates: [certify(CA, ROOT, true), certify(ROOT, ROOT, true)] } },
      ['root issuer-absent', 'root authority-key-identifier'],
    ],
    [
      'two CAs that certify one another',
      { options: { anchors: [], intermediates: [certify(CA, LOWER, true), certify(LOWER, CA, true)] } },
      ['lower issuer-absent'],
    ],
    [
      'one of them twice',
      {
        options: {
          anchors: [],
          intermediates: [
            certify(CA, LOWER, true),
            certify(CA, LOWER, true, { serial: bytes('02') }),
            certify(LOWER, CA, true),
          ],
        },
      },
      ['lower issuer-absent'],
    ],
    [
      'nobody has a key identifier',
      {
        root: value(SUBJECT_KEY_IDENTIFIER, undefined),
        leaf: value(AUTHORITY_KEY_IDENTIFIER, undefined),
        options: { intermediates: [] },
      },
      ['leaf issuer-absent', 'leaf authority-key-identifier'],
    ],
  ],
  'issuer-name': [
    [
      'the same text in another type of string',
      {
        leaf: {
          issuerDer: bytes('300d 310b 3009 0603550403 0c026361'),
          ...value(AUTHORITY_KEY_IDENTIFIER, '3003 800101'),
        },
      },
      ['leaf issuer-name'],
    ],
    [
      'the key of a CA under another name',
      { leaf: { issuerDer: encodeName({ commonName: 'other' }) } },
      ['leaf issuer-name'],
    ],
  ],
  signature: [
    ["a key that is not the CA's", { leaf: { signature: signatureOf(LEAF.privateKey) } }, ['leaf signature']],
    ["an anchor's own does not matter", { root: { signature: signatureOf(LEAF.privateKey) } }, []],
  ],
  'signature-algorithm': [
    [
      'SHA-1',
      {
        leaf: {
          signature: { ...signatureOf(CA.privateKey, 'sha1'), algorithm: bytes('300906072a8648ce3d0401') },
        },
      },
      ['leaf signature-algorithm'],
    ],
    [
      'SHA-1 in a CA',
      {
        ca: {
          signature: { ...signatureOf(ROOT.privateKey, 'sha1'), algorithm: bytes('300906072a8648ce3d0401') },
        },
      },
      ['ca signature-algorithm'],
    ],
    [
      "an anchor's own does not matter",
      {
        root: {
          signature: { ...signatureOf(ROOT.privateKey, 'sha1'), algorithm: bytes('300906072a8648ce3d0401') },
        },
      },
      [],
    ],
  ],
  'key-kind': [
    ['a leaf on another curve', leafKey(ec('secp256k1').spkiDer), ['leaf key-kind']],
    ['a CA on another curve', caKey(ec('secp256k1')), ['ca key-kind']],
    ['RSA below 1024 bits', leafKey(rsaSpki(1016, '010001')), ['leaf key-kind']],
    ['RSA of 8192 bits is taken', leafKey(rsaSpki(8192, '010001')), []],
    ['RSA above 8192 bits', leafKey(rsaSpki(8200, '010001')), ['leaf key-kind']],
    ['the RSA exponent 3 is taken', leafKey(rsaSpki(2048, '03')), []],
    ['the RSA exponent 1', leafKey(rsaSpki(2048, '01')), ['leaf key-kind']],
    ['an even RSA exponent', leafKey(rsaSpki(2048, '010000')), ['leaf key-kind']],
    ['an RSA exponent of 32 bits', leafKey(rsaSpki(2048, '80000001')), ['leaf key-kind']],
    ['RSA without NULL', leafKey(rsaSpki(2048, '010001', '')), ['leaf key-kind']],
    ['a negative RSA exponent', leafKey(negativeExponent()), ['leaf key-kind']],
    ['a point beside the curve', leafKey(ecSpki(`04${'11'.repeat(64)}`)), ['leaf key-kind']],
    ['the point at infinity', leafKey(ecSpki('00')), ['leaf key-kind']],
  ],
  'key-size': [
    ['a leaf with RSA-1024', leafKey(rsa(1024).spkiDer), ['leaf key-size']],
    ['a CA with RSA-2040', caKey(rsa(2040)), ['ca key-size']],
  ],
  limit: [
    ['issuers', { options: { limits: { issuersTried: 1 } } }, ['ca limit']],
    ['issuers, just enough', { options: { limits: { issuersTried: 2 } } }, []],
    [
      'names',
      {
        root: value(NAME_CONSTRAINTS, nameConstraints([dns('example'), dns('example.net')])),
        options: { limits: { nameComparisons: 1 } },
      },
      ['leaf limit'],
    ],
  ],
  validity: [
    ['an anchor', { root: { notAfterDer: past } }, ['root validity']],
    ['a CA', { ca: { notAfterDer: past } }, ['ca validity']],
    ['a leaf that is too young', { leaf: { notBeforeDer: future } }, ['leaf validity']],
    ['both ends are inside', { leaf: { notBeforeDer: now, notAfterDer: now } }, []],
    [
      'what follows the last second',
      { leaf: { notAfterDer: now }, options: { at: new Date(AT.getTime() + 1000) } },
      ['leaf validity'],
    ],
    [
      'a fraction of a second before the first is not',
      { leaf: { notBeforeDer: now }, options: { at: new Date(AT.getTime() - 1) } },
      ['leaf validity'],
    ],
  ],
  'validity-in-go': [
    [
      'the last second but for its beginning',
      { leaf: { notAfterDer: now }, options: { at: new Date(AT.getTime() + 1) } },
      ['leaf validity-in-go'],
    ],
    [
      'up to its end',
      { root: { notAfterDer: now }, options: { at: new Date(AT.getTime() + 999) } },
      ['root validity-in-go'],
    ],
  ],
  version: [
    [
      'a leaf of the first',
      { leaf: { version: 1, isBare: true } },
      ['leaf version', 'leaf authority-key-identifier'],
    ],
    [
      'an anchor of the first, whom Go takes for a CA',
      { root: { version: 1, isBare: true } },
      ['root version'],
    ],
    [
      'an intermediate of the first, which is no CA to anybody',
      { ca: { version: 1, isBare: true } },
      ['ca version', 'ca authority-key-identifier', 'ca basic-constraints'],
    ],
  ],
  'serial-number': [
    ['0', { leaf: { serial: bytes('00') } }, ['leaf serial-number']],
    ['20 octets are fine', { leaf: { serial: Buffer.alloc(20, 1) } }, []],
    ['21 octets', { ca: { serial: Buffer.alloc(21, 1) } }, ['ca serial-number']],
    ["an anchor's does not matter", { root: { serial: bytes('00') } }, []],
  ],
  'negative-serial-number': [
    ['a leaf', { leaf: { serial: bytes('80') } }, ['leaf negative-serial-number']],
    ['an anchor', { root: { serial: bytes('ff') } }, ['root negative-serial-number']],
  ],
  'empty-name': [
    ['a leaf without a subject', { leaf: { subjectDer: nobody } }, ['nameless empty-name']],
    ['but with a critical subjectAltName', { leaf: { subjectDer: nobody, turned: [SUBJECT_ALT_NAME] } }, []],
    [
      'a CA without a subject and a leaf without an issuer',
      {
        ca: { subjectDer: nobody, ...critical(SUBJECT_ALT_NAME, '3003 820161') },
        leaf: { issuerDer: nobody },
      },
      ['leaf empty-name', 'nameless empty-name'],
    ],
    ['a subjectAltName without a name', { leaf: value(SUBJECT_ALT_NAME, '3000') }, ['leaf empty-name']],
  ],
  'critical-extension': [
    ['a leaf', { leaf: critical(UNKNOWN, '') }, ['leaf critical-extension']],
    ['a CA', { ca: critical(UNKNOWN, '') }, ['ca critical-extension']],
    ['an anchor', { root: critical(UNKNOWN, '') }, ['root critical-extension']],
    ['others do not matter', { leaf: value(UNKNOWN, '') }, []],
    [
      'extended key usages are understood',
      { leaf: critical(EXT_KEY_USAGE, `300a 06082b06010505070301`) },
      [],
    ],
    ['and distribution points, as in Go', { leaf: critical(CRL_DISTRIBUTION_POINTS, '3000') }, []],
    ['and policies', { leaf: critical(CERTIFICATE_POLICIES, '3006 3004 06022a03') }, []],
    [
      'issuerAltName is not, as in Go',
      { leaf: critical('2.5.29.18', '3003 820161') },
      ['leaf critical-extension'],
    ],
  ],
  'malformed-name': [
    ["a leaf's", { leaf: { subjectDer: printable('a@b') } }, ['a@b malformed-name']],
    ['not one with * and &', { leaf: { subjectDer: printable('* & a') } }, []],
    [
      "an issuer's",
      { root: { subjectDer: printable('@') }, ca: { issuerDer: printable('@') } },
      ['ca malformed-name', '@ malformed-name', '@ authority-key-identifier'],
    ],
  ],
  'malformed-extension': [
    ...[CRL_DISTRIBUTION_POINTS, CERTIFICATE_POLICIES, POLICY_MAPPINGS, AUTHORITY_INFO_ACCESS].map(
      (oid): Row => [oid, { leaf: value(oid, '3003 020101') }, ['leaf malformed-extension']],
    ),
    ...[POLICY_CONSTRAINTS, INHIBIT_ANY_POLICY].map(
      (oid): Row => [oid, { ca: critical(oid, '0500') }, ['ca malformed-extension']],
    ),
    ...[
      ['a policy twice', CERTIFICATE_POLICIES, '3010 3006 06042a030405 3006 06042a030405'],
      ['a policy that is not minimal', CERTIFICATE_POLICIES, '3007 3005 06032a8001'],
      ['a mapping of any policy', POLICY_MAPPINGS, '300e 300c 0604551d2000 06042a030405'],
      ['a mapping of one side', POLICY_MAPPINGS, '3008 3006 06042a030405'],
      ['a distribution point relative to its issuer', CRL_DISTRIBUTION_POINTS, '3006 3004 a002 a100'],
      ['a distribution point without its name', CRL_DISTRIBUTION_POINTS, '3004 3002 a000'],
      ['an access without a method', AUTHORITY_INFO_ACCESS, '3002 3000'],
      ['an access by a UUID', AUTHORITY_INFO_ACCESS, '300a 3008 0606698880808000'],
    ].map(
      ([title = '', oid = '', der = '']): Row => [title, leafValue(oid, der), ['leaf malformed-extension']],
    ),
    ...[
      ['a policy of a UUID', CERTIFICATE_POLICIES, '300a 3008 0606698880808000'],
      ['a distribution point by its URI', CRL_DISTRIBUTION_POINTS, '300d 300b a009 a007 8605 613a2f2f62'],
      ['a distribution point by its issuer', CRL_DISTRIBUTION_POINTS, '3004 3002 a200'],
    ].map(([title = '', oid = '', der = '']): Row => [`${title} can be read`, leafValue(oid, der), []]),
    ...['3005 a003 8101 00', '300b 8109 7f7f7f7f7f7f7f7f7f', '3002 8100', '3004 8102 0001'].map(
      (der): Row => [
        `the policy constraints ${der}`,
        { ca: critical(POLICY_CONSTRAINTS, der) },
        ['ca malformed-extension'],
      ],
    ),
    ...['0200', '0202 0001', '0209 7f7f7f7f7f7f7f7f7f'].map(
      (der): Row => [
        `inhibitAnyPolicy ${der}`,
        { ca: critical(INHIBIT_ANY_POLICY, der) },
        ['ca malformed-extension'],
      ],
    ),
    ...[
      '://',
      'a/b',
      '',
      '1a:b',
      'https://a b/',
      'https://a..b/',
      'https://a.:80/',
      'https://a:port/',
      'https://a/%zz',
      'https://a/\u0001',
      'https://[fe80::1%25eth0]/',
      'https://[192.0.2.1]/',
    ].map((text): Row => [`the URI ${JSON.stringify(text)}`, leafUri(text), ['leaf malformed-extension']]),
    ...[
      'spiffe://cluster.local/ns/default/sa/default',
      'https://user:pass@a_b.example:8443/c/%20?d=e/?#f?',
      'https://[2001:db8::1]:443/',
      'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      'file:///etc/kubernetes',
      'mailto:a@example.com',
    ].map((text): Row => [`the URI ${text} can be read`, leafUri(text), []]),
    [
      'a field too many',
      { ca: critical(POLICY_CONSTRAINTS, '3005 a003 020100') },
      ['ca malformed-extension'],
    ],
  ],
  'never-critical': [
    ['a subject key identifier', { ca: { turned: [SUBJECT_KEY_IDENTIFIER] } }, ['ca never-critical']],
    [
      'an authority key identifier',
      { leaf: { turned: [AUTHORITY_KEY_IDENTIFIER] } },
      ['leaf never-critical'],
    ],
    ['access to the CA', { leaf: critical(AUTHORITY_INFO_ACCESS, '3000') }, ['leaf never-critical']],
  ],
  'always-critical': [
    ['basic constraints of a CA', { root: { turned: [BASIC_CONSTRAINTS] } }, ['root always-critical']],
    [
      'not those of a leaf',
      { leaf: { values: { [BASIC_CONSTRAINTS]: '3000' }, turned: [BASIC_CONSTRAINTS] } },
      [],
    ],
    [
      'name constraints',
      {
        ca: { values: { [NAME_CONSTRAINTS]: nameConstraints([dns('example')]) }, turned: [NAME_CONSTRAINTS] },
      },
      ['ca always-critical'],
    ],
    ['policy constraints', { ca: value(POLICY_CONSTRAINTS, '3003 810100') }, ['ca always-critical']],
    ['inhibitAnyPolicy', { ca: value(INHIBIT_ANY_POLICY, '020100') }, ['ca always-critical']],
  ],
  'critical-in-go': [
    [
      'subjectAltName with a directory name alone',
      {
        leaf: {
          values: { [SUBJECT_ALT_NAME]: encodeSequence(directory(nobody)) },
          turned: [SUBJECT_ALT_NAME],
        },
      },
      ['leaf critical-in-go'],
    ],
    [
      'not with a DNS name beside it',
      {
        leaf: {
          values: { [SUBJECT_ALT_NAME]: encodeSequence(directory(nobody), dns('a')) },
          turned: [SUBJECT_ALT_NAME],
        },
      },
      [],
    ],
    [
      'nor with a URI',
      {
        leaf: {
          values: { [SUBJECT_ALT_NAME]: encodeSequence(uri('spiffe://a/b')) },
          turned: [SUBJECT_ALT_NAME],
        },
      },
      [],
    ],
    [
      'directory names that are permitted',
      { ca: value(NAME_CONSTRAINTS, nameConstraints([directory(nobody)])) },
      ['ca critical-in-go'],
    ],
    [
      'directory names that are excluded',
      { ca: value(NAME_CONSTRAINTS, nameConstraints([], [directory(encodeName({ commonName: 'a' }))])) },
      ['ca critical-in-go'],
    ],
    [
      'not where that is not critical',
      {
        ca: { ...value(NAME_CONSTRAINTS, nameConstraints([directory(nobody)])), turned: [NAME_CONSTRAINTS] },
      },
      ['ca always-critical'],
    ],
  ],
  'subject-key-identifier': [
    ['a CA', { ca: value(SUBJECT_KEY_IDENTIFIER, undefined) }, ['ca subject-key-identifier']],
    ['an anchor', { root: value(SUBJECT_KEY_IDENTIFIER, undefined) }, ['root subject-key-identifier']],
    ['not a leaf', { leaf: value(SUBJECT_KEY_IDENTIFIER, undefined) }, []],
  ],
  'authority-key-identifier': [
    ['a leaf', { leaf: value(AUTHORITY_KEY_IDENTIFIER, undefined) }, ['leaf authority-key-identifier']],
    ['a CA', { ca: value(AUTHORITY_KEY_IDENTIFIER, undefined) }, ['ca authority-key-identifier']],
    [
      'an anchor that is not its own issuer',
      { root: { issuerDer: encodeName({ commonName: 'other' }) } },
      ['root authority-key-identifier'],
    ],
  ],
  'key-identifier-mismatch': [
    [
      'it is but told',
      { leaf: value(AUTHORITY_KEY_IDENTIFIER, '3003 800101') },
      ['ca key-identifier-mismatch'],
    ],
  ],
  'basic-constraints': [
    ['a CA without', { ca: value(BASIC_CONSTRAINTS, undefined) }, ['ca ca-only', 'ca basic-constraints']],
    [
      'an anchor that says it is none',
      { root: { values: { [BASIC_CONSTRAINTS]: '3000', [KEY_USAGE]: undefined } } },
      ['root basic-constraints'],
    ],
  ],
  'path-length': [
    ['an anchor with 0', { root: value(BASIC_CONSTRAINTS, PATH_LENGTH_0) }, ['root path-length']],
    ['a CA with 0 above a leaf', { ca: value(BASIC_CONSTRAINTS, PATH_LENGTH_0) }, []],
    ['a CA with 0 above a CA', longChain(LOWER, value(BASIC_CONSTRAINTS, PATH_LENGTH_0)), ['ca path-length']],
    ['that of the leaf does not matter', { leaf: value(BASIC_CONSTRAINTS, PATH_LENGTH_0) }, []],
    ["the caller's", { options: { limits: { intermediates: 0 } } }, ['root path-length']],
    [
      "the caller's, told of the anchor alone",
      longChain(LOWER, {}, { limits: { intermediates: 0 } }),
      ['root path-length'],
    ],
    ["the caller's, just enough", { options: { limits: { intermediates: 1 } } }, []],
  ],
  'path-length-in-go': [
    [
      'a CA with 0 above itself with a new key',
      longChain(ROLLED, value(BASIC_CONSTRAINTS, PATH_LENGTH_0)),
      ['ca path-length-in-go'],
    ],
  ],
  'cert-sign': [
    ['a CA', { ca: value(KEY_USAGE, NO_SIGN) }, ['ca cert-sign']],
    ['an anchor', { root: value(KEY_USAGE, NO_SIGN) }, ['root cert-sign']],
    ['no key usage allows all', { ca: value(KEY_USAGE, undefined) }, []],
  ],
  'ca-only': [
    ['keyCertSign', { leaf: value(KEY_USAGE, '03020204') }, ['leaf ca-only']],
    ['a path length', { leaf: value(BASIC_CONSTRAINTS, '3003 020100') }, ['leaf ca-only']],
    [
      'name constraints',
      { leaf: value(NAME_CONSTRAINTS, nameConstraints([dns('b.example')])) },
      ['leaf ca-only'],
    ],
  ],
  'ext-key-usage': [
    ['a leaf for clients', { leaf: usages(CLIENT_AUTH) }, ['leaf ext-key-usage']],
    ['a leaf for both', { leaf: usages(CLIENT_AUTH, SERVER_AUTH) }, []],
    ['a leaf for anything', { leaf: usages('2.5.29.37.0') }, []],
    ['a leaf for nothing', { leaf: usages() }, ['leaf ext-key-usage']],
    ['a CA for clients', { ca: usages(CLIENT_AUTH) }, ['ca ext-key-usage']],
    ['an anchor for clients', { root: usages(CLIENT_AUTH) }, ['root ext-key-usage']],
    ['any purpose', { leaf: usages(CLIENT_AUTH), options: { purpose: 'anyExtendedKeyUsage' } }, []],
    ['a purpose by its OID', { leaf: usages(UNKNOWN), options: { purpose: UNKNOWN } }, []],
    ['clients', { ca: usages(SERVER_AUTH), options: { purpose: 'clientAuth' } }, ['ca ext-key-usage']],
  ],
  policy: [
    ['an explicit one', { ca: critical(POLICY_CONSTRAINTS, '3003 800100') }, ['ca policy']],
    ['no more mappings', { ca: critical(POLICY_CONSTRAINTS, '3003 810100') }, []],
  ],
  'name-constraints': [
    [
      'of an anchor',
      { root: value(NAME_CONSTRAINTS, nameConstraints([dns('b.example')])) },
      ['leaf name-constraints'],
    ],
    [
      'on the name of a CA',
      {
        root: value(NAME_CONSTRAINTS, nameConstraints([dns('a.example')])),
        ca: value(SUBJECT_ALT_NAME, encodeSequence(dns('b.example'))),
      },
      ['ca name-constraints'],
    ],
    [
      'of every CA',
      {
        root: value(NAME_CONSTRAINTS, nameConstraints([dns('a.example')])),
        ca: value(NAME_CONSTRAINTS, nameConstraints([dns('b.example')])),
      },
      ['leaf name-constraints'],
    ],
    [
      'not on the CA itself',
      {
        ca: {
          values: {
            [NAME_CONSTRAINTS]: nameConstraints([dns('a.example')]),
            [SUBJECT_ALT_NAME]: encodeSequence(dns('b.example')),
          },
        },
      },
      [],
    ],
  ],
  'name-constraints-in-go': [
    [
      'a CA that is its own issuer',
      {
        ...longChain(
          ROLLED,
          {},
          {
            intermediates: [
              certify(ROLLED, CA, true, value(SUBJECT_ALT_NAME, encodeSequence(dns('b.example')))),
              certify(CA, ROOT, true),
            ],
          },
        ),
        root: value(NAME_CONSTRAINTS, nameConstraints([dns('a.example')])),
      },
      ['ca name-constraints-in-go'],
    ],
  ],
  'name-constraints-form': [
    [
      'a dot in front of what is permitted',
      { ca: value(NAME_CONSTRAINTS, nameConstraints([dns('.example')])) },
      ['ca name-constraints-form'],
    ],
    [
      'a dot in front of what is excluded',
      { ca: value(NAME_CONSTRAINTS, nameConstraints([], [dns('.b.example')])) },
      ['ca name-constraints-form'],
    ],
  ],
  host: [
    ['another', { options: { host: 'b.example' } }, ['leaf host']],
    ['its own', { options: { host: 'a.example' } }, []],
  ],
};

describe.each(Object.entries(ROWS))('the rule %s', (_, rows) => {
  test.each(rows)('%s', (_title, chain, problems) => {
    expect(problemsOf(validateChain(chain))).toEqual(problems);
  });
});

describe('a path', () => {
  const SOUND = { anchors: [certify(ROOT, ROOT, true)], at: AT, purpose: 'serverAuth' };
  const leaf = certify(LEAF, CA, false);
  const ca = certify(CA, ROOT, true);
  const namesOf = (certificates: readonly Certificate[] = []): readonly (string | undefined)[] =>
    certificates.map(({ subject }) => subject.attributes[0]?.value);

  test('runs from the leaf to the anchor, and took no more than it had to', () => {
    const { valid, others, work } = validatePath(leaf, { ...SOUND, intermediates: [ca], host: 'a.example' });
    expect([namesOf(valid?.certificates), valid?.problems, others]).toEqual([['leaf', 'ca', 'root'], [], []]);
    expect(work).toEqual({ issuersTried: 2, nameComparisons: 0 });
  });

  test('ends at an intermediate that is trusted, as in Go', () => {
    const { valid } = validatePath(leaf, { ...SOUND, anchors: [ca], intermediates: [ca] });
    expect(namesOf(valid?.certificates)).toEqual(['leaf', 'ca']);
  });

  test('is the leaf alone where that is trusted, whoever signed it', () => {
    const own = certify(LEAF, CA, false, { signature: signatureOf(LEAF.privateKey) });
    const { valid, work } = validatePath(own, { ...SOUND, anchors: [own], intermediates: [] });
    expect([namesOf(valid?.certificates), work.issuersTried]).toEqual([['leaf'], 0]);
    expect(problemsOf(validatePath(own, { ...SOUND, anchors: [own], intermediates: [], host: 'b' }))).toEqual(
      ['leaf host'],
    );
  });

  test('goes to the CA that signed, where two have one name', () => {
    const successor = holder('ca');
    const other = certify(successor, ROOT, true);
    const { valid, others } = validatePath(leaf, { ...SOUND, intermediates: [other, ca] });
    expect([valid?.certificates[1], others]).toEqual([ca, []]);
    expect(problemsOf(validatePath(leaf, { ...SOUND, intermediates: [other, other] }))).toEqual([
      'leaf signature',
    ]);
  });

  test('goes round a CA that has expired, where the same CA was issued anew', () => {
    const expired = certify(CA, ROOT, true, { notAfterDer: past });
    const { valid, others } = validatePath(leaf, { ...SOUND, intermediates: [expired, ca] });
    expect([valid?.certificates[1], others.map(({ certificates }) => certificates[1])]).toEqual([
      ca,
      [expired],
    ]);
  });

  test("that is refused is told of alone, where others of that CA's name did not sign", () => {
    const expired = certify(CA, ROOT, true, { notAfterDer: past });
    const intermediates = [expired, certify(holder('ca'), ROOT, true)];
    const { others } = validatePath(leaf, { ...SOUND, intermediates });
    expect(others.map(({ problems }) => problems.map(({ rule }) => rule))).toEqual([['validity']]);
  });

  test('that Go takes too comes before one that it refuses', () => {
    const doubtful = certify(CA, ROOT, true, value(NAME_CONSTRAINTS, nameConstraints([directory(nobody)])));
    const both = validatePath(leaf, { ...SOUND, intermediates: [doubtful, ca] });
    expect([both.valid?.certificates[1], both.others.length]).toEqual([ca, 1]);
    const one = validatePath(leaf, { ...SOUND, intermediates: [doubtful] });
    expect([one.valid?.certificates[1], one.others]).toEqual([doubtful, []]);
  });

  test('tries issuers with the right key identifier first', () => {
    const strangers = Array.from({ length: 3 }, (_, index) => ({ ...holder('ca'), id: `other ${index}` }));
    const intermediates = strangers.map((stranger) =>
      certify(
        stranger,
        ROOT,
        true,
        value(SUBJECT_KEY_IDENTIFIER, encodeDer(TAG.octetString, Buffer.from(stranger.id))),
      ),
    );
    const { work } = validatePath(leaf, { ...SOUND, intermediates: [...intermediates, ca] });
    expect(work.issuersTried).toBe(2);
  });

  test('goes to an anchor before it goes to an intermediate', () => {
    const anchors = [...SOUND.anchors, certify(CA, LOWER, true)];
    const { valid } = validatePath(leaf, { ...SOUND, anchors, intermediates: [ca] });
    expect(valid?.certificates).toEqual([leaf, anchors[1]]);
  });

  test('ends below a key that is not taken', () => {
    const { spkiDer, privateKey } = ec('secp256k1');
    const odd = certify(LEAF, CA, false, { signature: signatureOf(privateKey) });
    const { others } = validatePath(odd, { ...SOUND, intermediates: [certify(CA, ROOT, true, { spkiDer })] });
    expect(others.map(({ certificates }) => certificates)).toEqual([[odd]]);
  });

  test('is the last one when the limit is reached', () => {
    const intermediates = [ca, certify(holder('ca'), ROOT, true)];
    const { others } = validatePath(leaf, { ...SOUND, intermediates, limits: { issuersTried: 1 } });
    expect(others.map(({ problems }) => problems.map(({ rule }) => rule))).toEqual([['limit']]);
  });

  test('that leads nowhere tells every reason, and what else is wrong with it', () => {
    const expired = certify(LEAF, CA, false, { notAfterDer: past });
    const intermediates = [certify(holder('ca'), ROOT, true), certify(holder('ca'), ROOT, true)];
    const { valid, others } = validatePath(expired, { ...SOUND, intermediates });
    expect(valid).toBeUndefined();
    expect(others.map(({ problems }) => problems.map(({ message }) => message))).toEqual([
      [
        '"leaf" is not signed with the key of "ca"',
        '"leaf" is not signed with the key of "ca"',
        '"leaf" expired at 2026-11-30T23:59:59.000Z, looked at as of 2026-12-01T00:00:00.000Z',
      ],
    ]);
  });
});

describe('RSASSA-PSS', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signer: Holder = {
    ...CA,
    privateKey,
    spkiDer: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  };
  const OIDS = {
    sha1: '1.3.14.3.2.26',
    sha256: '2.16.840.1.101.3.4.2.1',
    sha384: '2.16.840.1.101.3.4.2.2',
    sha512: '2.16.840.1.101.3.4.2.3',
  };
  interface Parameters {
    readonly hash: keyof typeof OIDS;
    readonly mask?: keyof typeof OIDS;
    readonly saltBytes: number;
    readonly none?: string;
  }

  /** A leaf with a signature that is right by its parameters. */
  function certifyWithPss({ hash, mask = hash, saltBytes, none = '' }: Parameters): Certificate {
    const hashOf = (oid: string): Uint8Array => encodeSequence(encodeOid(oid), bytes(none));
    const algorithm = encodeSequence(
      encodeOid('1.2.840.113549.1.1.10'),
      encodeSequence(
        encodeDer(0xa0, hashOf(OIDS[hash])),
        encodeDer(0xa1, encodeSequence(encodeOid('1.2.840.113549.1.1.8'), hashOf(OIDS[mask]))),
        encodeDer(0xa2, encodeInteger(Uint8Array.of(saltBytes))),
      ),
    );
    const { der } = certify(LEAF, signer, false, { signature: { algorithm, hash, key: privateKey } });
    const [tbs = parseDer(der)] = parseDerElements(parseDer(der), TAG.sequence);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signature = sign(hash, tbs.der, { key: privateKey, padding, saltLength: saltBytes });
    return strictReader.parse(encodeSequence(tbs.der, algorithm, encodeBitString(signature)));
  }

  const validate = (leaf: Certificate): readonly string[] =>
    problemsOf(
      validatePath(leaf, {
        anchors: [certify(signer, signer, true)],
        intermediates: [],
        at: AT,
        purpose: 'serverAuth',
      }),
    );

  test.each<Parameters>([
    { hash: 'sha256', saltBytes: 32 },
    { hash: 'sha384', saltBytes: 48 },
    { hash: 'sha512', saltBytes: 64 },
    { hash: 'sha256', saltBytes: 32, none: '0500' },
  ])('is taken with %j, as Go does', (parameters) => {
    expect(validate(certifyWithPss(parameters))).toEqual([]);
  });

  test.each<Parameters>([
    { hash: 'sha1', saltBytes: 20 },
    { hash: 'sha256', saltBytes: 20 },
    { hash: 'sha256', mask: 'sha1', saltBytes: 32 },
    { hash: 'sha256', saltBytes: 32, none: '0000' },
  ])('is not taken with %j', (parameters) => {
    expect(validate(certifyWithPss(parameters))).toEqual(['leaf signature-algorithm']);
  });

  test('is not taken for a signature of PKCS #1 v1.5, nor the other way round', () => {
    const { algorithm } = { algorithm: certifyWithPss({ hash: 'sha256', saltBytes: 32 }) };
    const tampered = { ...algorithm, signature: sign('sha256', algorithm.tbsDer, privateKey) };
    expect(validate(tampered)).toEqual(['leaf signature']);
  });
});

describe('what the real kubeadm wrote', () => {
  const clusters = readdirSync('fixtures/kubeadm').filter((name) => name.startsWith('v'));
  test.each(clusters)('in %s has no problem, for every purpose and every name that it has', (cluster) => {
    const certificates = readdirSync(`fixtures/kubeadm/${cluster}/pki`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.crt'))
      .flatMap((path) => parsePemBlocks(readFileSync(`fixtures/kubeadm/${cluster}/pki/${path}`, 'utf8')))
      .map(({ der }) => strictReader.parse(der));
    const anchors = certificates.filter(({ basicConstraints }) => basicConstraints?.isCa === true);
    const leaves = certificates.filter((certificate) => !anchors.includes(certificate));
    expect([anchors.length, leaves.length]).toEqual(cluster.endsWith('external-etcd') ? [2, 3] : [3, 7]);
    for (const leaf of leaves) {
      for (const purpose of leaf.extKeyUsage ?? []) {
        for (const host of leaf.subjectAltName?.map((name) => name.value) ?? [undefined]) {
          const options = {
            anchors,
            intermediates: [],
            at: AT,
            purpose,
            ...(host === undefined ? {} : { host }),
          };
          const { valid, others } = validatePath(leaf, options);
          expect([valid?.problems, others]).toEqual([[], []]);
        }
      }
    }
  });
});
