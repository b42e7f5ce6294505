import { childrenOf, der, extension, hex, oid, sequence, TAG, withExtension } from '../der.mjs';
import { CLIENT, edited } from './changes.mjs';

const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXT_KEY_USAGE = '2.5.29.37';
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const RSA = '1.2.840.113549.1.1.1';
const ECDSA_WITH_SHA384 = '1.2.840.10045.4.3.3';
const CRITICAL = 0xff;

const client = (edit) => edited(CLIENT, edit);
const replaced = (...replacement) =>
  client(({ extensions }) => ({ extensions: withExtension(extensions, extension(...replacement)) }));

const REFUSED = {
  along: [`certificate-unreadable ${CLIENT}.crt`],
  because: 'nobody reads such a certificate',
};
const OTHER_ALGORITHM = {
  along: ['kept-key-algorithm pki/front-proxy-ca.crt'],
  because: 'a CA with an RSA key above certificates on an elliptic curve is another algorithm than theirs',
};

/** How a certificate is encoded, down to the byte. */
export const ENCODING_FAULTS = [
  {
    code: 'duplicate-extension',
    at: `${CLIENT}.crt`,
    says: 'an extension stands there twice',
    ...REFUSED,
    change: client(({ extensions }) => ({ extensions: [...extensions, extensions.at(-1)] })),
  },
  {
    code: 'signature-algorithm-mismatch',
    at: `${CLIENT}.crt`,
    says: 'beside the signature stands another algorithm than in what is signed',
    ...REFUSED,
    change: client(() => ({ signatureAlgorithm: sequence(oid(ECDSA_WITH_SHA384)) })),
  },
  {
    code: 'version-outdated',
    at: `${CLIENT}.crt`,
    says: 'the certificate was signed by openssl x509 -req without -extfile',
    along: [
      'key-usage-differs pki/front-proxy-client.crt',
      'extended-key-usage-surplus pki/front-proxy-client.crt',
      'leaf-subject-key-identifier-absent pki/front-proxy-client.crt',
      'authority-key-identifier-absent pki/front-proxy-client.crt',
    ],
    because: 'a certificate of version 1 has no extension at all',
    change: client(() => ({ version: undefined, extensions: undefined })),
  },
  {
    code: 'extensions-ignored',
    at: `${CLIENT}.crt`,
    says: 'a certificate of version 2 has extensions',
    along: [...REFUSED.along, 'version-outdated pki/front-proxy-client.crt'],
    because: 'nobody reads such a certificate, and the version is outdated, too',
    change: client(() => ({ version: hex('a003020101') })),
  },
  {
    code: 'time-encoding',
    at: `${CLIENT}.crt`,
    says: 'a date before 2050 is a GeneralizedTime',
    change: client(({ validity }) => ({
      validity: sequence(childrenOf(validity)[0], der(TAG.generalizedTime, '20280101000000Z')),
    })),
  },
  {
    code: 'default-encoded',
    at: `${CLIENT}.crt`,
    says: 'cA is written out although it is FALSE',
    change: replaced(BASIC_CONSTRAINTS, hex('3003010100'), CRITICAL),
  },
  {
    code: 'key-usage-encoding',
    at: `${CLIENT}.crt`,
    says: 'keyUsage has zeros at its end',
    change: replaced(KEY_USAGE, hex('03020080'), CRITICAL),
  },
  {
    code: 'extension-empty',
    at: `${CLIENT}.crt`,
    says: 'extKeyUsage is empty, which Go takes for any',
    along: ['extended-key-usage-missing pki/front-proxy-client.crt'],
    because: 'clientAuth is missing in it, too',
    change: replaced(EXT_KEY_USAGE, sequence()),
  },
  {
    code: 'rsa-key-parameters',
    at: `${CLIENT}.crt`,
    says: 'the algorithm of an RSA key has no NULL',
    along: [`pair-mismatch ${CLIENT}.crt`, `key-algorithm ${CLIENT}.crt`, `path-refused ${CLIENT}.crt`],
    because: 'such a public key is that of no private key and of no algorithm that was asked for',
    change: (make) => {
      const key = make.key('RSA');
      const pem = make.certificate(CLIENT, { key });
      const edit = ({ key: spki }) => ({ key: sequence(sequence(oid(RSA)), childrenOf(spki)[1]) });
      return { [`${CLIENT}.key`]: key, [`${CLIENT}.crt`]: make.edited(CLIENT, edit, { pem }) };
    },
  },
  {
    code: 'rsa-signature-parameters',
    at: `${CLIENT}.crt`,
    says: 'the algorithm of an RSA signature has no NULL',
    ...OTHER_ALGORITHM,
    change: (make) => {
      const key = make.key('RSA');
      const files = make.branch('pki/front-proxy-ca', {}, { key });
      const edit = () => ({ algorithm: sequence(oid(SHA256_WITH_RSA)) });
      return { ...files, [`${CLIENT}.crt`]: make.edited(CLIENT, edit, { key, pem: files[`${CLIENT}.crt`] }) };
    },
  },
];
