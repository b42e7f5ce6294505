import type { Certificate, DistinguishedName } from './model.ts';

/** One rule that a certification path is held to. */
export interface PathRule {
  /** The rule in a sentence. */
  readonly says: string;
  readonly citation: string;
  /** Whether a path that breaks it is no valid path here. */
  readonly isRefused: boolean;
  /** Whether Go refuses such a path too, and with it every component of Kubernetes. Not all of RFC 5280 is law there. */
  readonly isRefusedByGo: boolean;
}

const EVERYWHERE = { isRefused: true, isRefusedByGo: true } as const;
const HERE = { isRefused: true, isRefusedByGo: false } as const;
const BY_GO = { isRefused: false, isRefusedByGo: true } as const;
const NOWHERE = { isRefused: false, isRefusedByGo: false } as const;

export type PathRuleId =
  | 'issuer-absent'
  | 'issuer-name'
  | 'signature'
  | 'signature-algorithm'
  | 'key-kind'
  | 'key-size'
  | 'limit'
  | 'validity'
  | 'validity-in-go'
  | 'version'
  | 'serial-number'
  | 'negative-serial-number'
  | 'empty-name'
  | 'critical-extension'
  | 'malformed-name'
  | 'malformed-extension'
  | 'never-critical'
  | 'always-critical'
  | 'critical-in-go'
  | 'subject-key-identifier'
  | 'authority-key-identifier'
  | 'key-identifier-mismatch'
  | 'basic-constraints'
  | 'path-length'
  | 'path-length-in-go'
  | 'cert-sign'
  | 'ca-only'
  | 'ext-key-usage'
  | 'policy'
  | 'name-constraints'
  | 'name-constraints-in-go'
  | 'name-constraints-form'
  | 'host';

/** Every rule, by id. Where RFC 5280 and Go differ, both are rows, so that whoever reads the problems can tell. */
export const PATH_RULES: Readonly<Record<PathRuleId, PathRule>> = Object.freeze({
  'issuer-absent': {
    says: 'a path ends at a trust anchor',
    citation: 'RFC 5280 6.1',
    ...EVERYWHERE,
  },
  'issuer-name': {
    says: "a certificate's issuer is its CA's subject, byte for byte",
    citation: 'RFC 5280 6.1.3 (a) (4); Go compares the bytes: crypto/x509, isValid',
    ...EVERYWHERE,
  },
  signature: {
    says: "a certificate is signed with its CA's key",
    citation: 'RFC 5280 6.1.3 (a) (1)',
    ...EVERYWHERE,
  },
  'signature-algorithm': {
    says: 'signatures are made with SHA-2 or Ed25519',
    citation: 'RFC 6194, RFC 6151; Go takes neither SHA-1 nor MD5: crypto/x509, checkSignature',
    ...EVERYWHERE,
  },
  'key-kind': {
    says: 'keys are RSA of 1024 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519',
    citation: 'RFC 8446 4.2.3; crypto/rsa, checkKeySize and checkPublicKey; crypto/tls, defaultMaxRSAKeySize',
    ...EVERYWHERE,
  },
  'key-size': {
    says: 'RSA keys have 2048 bits or more',
    citation: 'NIST SP 800-131A Rev. 2 section 3',
    ...HERE,
  },
  limit: {
    says: 'the work of finding and checking a path is bounded',
    citation: 'crypto/x509, maxChainSignatureChecks, MaxConstraintComparisions',
    ...EVERYWHERE,
  },
  validity: {
    says: 'every certificate is valid at the time in question, the trust anchor included',
    citation: 'RFC 5280 6.1.3 (a) (2), 4.1.2.5; Go looks at the anchor too: crypto/x509, buildChains',
    ...EVERYWHERE,
  },
  'validity-in-go': {
    says: 'its last second is over as soon as it has begun',
    citation: 'crypto/x509, isValid: Go compares moments, and certificates hold whole seconds',
    ...BY_GO,
  },
  version: {
    says: 'certificates are of version 3',
    citation: 'RFC 5280 4.1.2.1, 6.1.4 (k)',
    ...HERE,
  },
  'serial-number': {
    says: 'a serial number is positive and has at most 20 octets',
    citation: 'RFC 5280 4.1.2.2',
    ...HERE,
  },
  'negative-serial-number': {
    says: 'a serial number is not negative',
    citation: 'RFC 5280 4.1.2.2; crypto/x509, parseCertificate',
    ...EVERYWHERE,
  },
  'empty-name': {
    says: 'issuers have a name, CAs too, and anything else has one or a critical subjectAltName',
    citation: 'RFC 5280 4.1.2.4, 4.1.2.6, 4.2.1.6',
    ...HERE,
  },
  'critical-extension': {
    says: 'every critical extension is understood',
    citation: 'RFC 5280 4.2, 6.1.4 (o), 6.1.5 (f)',
    ...EVERYWHERE,
  },
  'malformed-name': {
    says: 'names are strings of the types that Go reads, and hold what those may hold',
    citation: 'RFC 5280 4.1.2.4; crypto/x509, parseASN1String',
    ...EVERYWHERE,
  },
  'malformed-extension': {
    says: 'every extension that is understood can be read',
    citation: 'crypto/x509, processExtensions; of URIs RFC 5280 4.2.1.6',
    ...EVERYWHERE,
  },
  'never-critical': {
    says: 'key identifiers and the access to information about the CA are not critical',
    citation: 'RFC 5280 4.2.1.1, 4.2.1.2, 4.2.2.1; crypto/x509, processExtensions',
    ...EVERYWHERE,
  },
  'always-critical': {
    says: 'extensions that restrict a CA are critical',
    citation: 'RFC 5280 4.2.1.9, 4.2.1.10, 4.2.1.11, 4.2.1.14',
    ...HERE,
  },
  'critical-in-go': {
    says: 'Go understands every critical extension',
    citation:
      'crypto/x509, processExtensions: names it does not know make nameConstraints and subjectAltName unhandled',
    ...BY_GO,
  },
  'subject-key-identifier': {
    says: 'a CA has a subject key identifier',
    citation: 'RFC 5280 4.2.1.2',
    ...HERE,
  },
  'authority-key-identifier': {
    says: 'a certificate has an authority key identifier, unless it is a self-signed trust anchor',
    citation: 'RFC 5280 4.2.1.1',
    ...HERE,
  },
  'key-identifier-mismatch': {
    says: "an authority key identifier is the subject key identifier of the signer's certificate",
    citation: 'RFC 5280 4.2.1.1: a help in finding the path, no condition of section 6',
    ...NOWHERE,
  },
  'basic-constraints': {
    says: 'whoever signs certificates is a CA, the trust anchor included',
    citation: 'RFC 5280 4.2.1.9, 6.1.4 (k); crypto/x509, CheckSignatureFrom',
    ...EVERYWHERE,
  },
  'path-length': {
    says: 'no more CAs follow than a path length allows, those not counted that have their own name as issuer',
    citation: 'RFC 5280 4.2.1.9, 6.1.4 (l) (m)',
    ...EVERYWHERE,
  },
  'path-length-in-go': {
    says: 'no more CAs follow than a path length allows, all counted',
    citation: 'crypto/x509, isValid',
    ...BY_GO,
  },
  'cert-sign': {
    says: 'whoever signs certificates has the key usage keyCertSign, if any',
    citation: 'RFC 5280 6.1.4 (n); crypto/x509, CheckSignatureFrom',
    ...EVERYWHERE,
  },
  'ca-only': {
    says: 'keyCertSign, a path length and name constraints stand in certificates of CAs alone',
    citation: 'RFC 5280 4.2.1.3, 4.2.1.9, 4.2.1.10',
    ...HERE,
  },
  'ext-key-usage': {
    says: 'every certificate that lists extended key usages lists the one in question, CAs included',
    citation: 'RFC 5280 4.2.1.12; Go nests them: crypto/x509, checkChainForKeyUsage',
    ...EVERYWHERE,
  },
  policy: {
    says: 'no certificate asks for an explicit certificate policy',
    citation:
      'RFC 5280 4.2.1.11, 6.1.5 (g); crypto/x509, policiesValid: policies are not evaluated here, so none is found acceptable',
    ...EVERYWHERE,
  },
  'name-constraints': {
    says: 'the names of a certificate are in the name space of every CA above it',
    citation: 'RFC 5280 4.2.1.10, 6.1.3 (b) (c)',
    ...EVERYWHERE,
  },
  'name-constraints-in-go': {
    says: 'so are those of a CA that has its own name as issuer',
    citation: 'crypto/x509, checkChainConstraints; RFC 5280 6.1.3 (b) (c) exempt it',
    ...BY_GO,
  },
  'name-constraints-form': {
    says: 'a constraint on DNS names is a DNS name',
    citation:
      'RFC 5280 4.2.1.6, 4.2.1.10; Go also reads one that begins with a dot: crypto/x509, dnsHasSuffix',
    ...HERE,
  },
  host: {
    says: 'the host in question is among the names in subjectAltName; the common name does not count',
    citation: 'RFC 9525 6.3, 6.4; crypto/x509, VerifyHostname',
    ...EVERYWHERE,
  },
});

/** One way in which a path breaks a rule. */
export interface PathProblem {
  readonly rule: PathRuleId;
  /** The certificate at fault. */
  readonly certificate: Certificate;
  /** One sentence, lower case, without a full stop. */
  readonly message: string;
}

/** A distinguished name in a sentence: its values, in quotes. */
export function nameText({ attributes }: DistinguishedName): string {
  return JSON.stringify(attributes.map(({ value }) => value).join(', '));
}

/** A certificate in a sentence: its subject, or else its serial number. */
export function nameOf({ subject, serialHex }: Certificate): string {
  return subject.attributes.length === 0 ? `the certificate ${serialHex}` : nameText(subject);
}

/** Whether issuer and subject are the same name (RFC 5280 3.2), as Go compares names. Says nothing of who signed. */
export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return Buffer.compare(issuer.der, subject.der) === 0;
}
