import { der, oid, sequence, TAG } from '../der.mjs';
import { APISERVER_NAMES } from '../clean.mjs';
import { CLIENT, edited, extended, issued, SERVER } from './changes.mjs';

const COMMON_NAME = '2.5.4.3';
const LOCALITY = '2.5.4.7';

/** A name of attributes, each as OID, tag and bytes. */
const nameOf = (...attributes) =>
  sequence(...attributes.map(([id, tag, value]) => der(TAG.set, sequence(oid(id), der(tag, value)))));
const CLIENT_NAME = [COMMON_NAME, TAG.utf8String, 'front-proxy-client'];

const subject = (...attributes) => edited(CLIENT, () => ({ subject: nameOf(...attributes) }));
const serverNames = (subjectAltName) => extended(SERVER, { subjectAltName });

/** How certificates name whom they are for. */
export const NAME_FAULTS = [
  {
    code: 'issuer-empty',
    at: `${CLIENT}.crt`,
    says: 'the certificate names no issuer',
    along: [`issuer-name-mismatch ${CLIENT}.crt`],
    because: 'that is not the name of its CA',
    change: edited(CLIENT, () => ({ issuer: sequence() })),
  },
  {
    code: 'subject-empty',
    at: `${CLIENT}.crt`,
    says: 'the certificate names nobody',
    along: [`common-name ${CLIENT}.crt`],
    because: 'that is not the common name of its role',
    change: subject(),
  },
  {
    code: 'several-common-names',
    at: `${CLIENT}.crt`,
    says: 'the certificate has a second common name, which is the user',
    along: [`common-name ${CLIENT}.crt`],
    because: 'that is not the common name of its role',
    change: issued(CLIENT, { subject: '/CN=front-proxy-client/CN=kubernetes-admin' }),
  },
  {
    code: 'name-too-long',
    at: `${CLIENT}.crt`,
    says: 'the name has more than 64 characters',
    along: [`common-name ${CLIENT}.crt`],
    because: 'that is not the common name of its role',
    change: subject([COMMON_NAME, TAG.utf8String, `front-proxy-client-${'x'.repeat(60)}`]),
  },
  {
    code: 'name-string-type',
    at: `${CLIENT}.crt`,
    says: 'a part of the name is a TeletexString',
    change: subject([LOCALITY, TAG.teletexString, 'Bern'], CLIENT_NAME),
  },
  {
    code: 'printable-string-alphabet',
    at: `${CLIENT}.crt`,
    says: 'a PrintableString has a character that is none of its alphabet',
    along: [`path-refused ${CLIENT}.crt`],
    because: 'Go refuses the certificate, which is told of the path, too',
    change: subject([LOCALITY, TAG.printableString, 'Bern_West'], CLIENT_NAME),
  },
  {
    code: 'subject-control-character',
    at: `${CLIENT}.crt`,
    says: 'a part of the name moves the cursor of the terminal that shows it',
    change: subject([LOCALITY, TAG.utf8String, 'Bern\u001b[2K'], CLIENT_NAME),
  },
  {
    code: 'subject-alternative-name-critical',
    at: `${SERVER}.crt`,
    says: 'subjectAltName is critical',
    change: serverNames(`critical, ${APISERVER_NAMES}`),
  },
  {
    code: 'subject-alternative-name-not-critical',
    at: `${SERVER}.crt`,
    says: 'the certificate has no subject, and subjectAltName is not critical',
    along: [`common-name ${SERVER}.crt`],
    because: 'that is not the common name of its role',
    change: edited(SERVER, () => ({ subject: nameOf() })),
  },
  {
    code: 'subject-alternative-name-absent',
    at: `${SERVER}.crt`,
    says: 'the API server has no subjectAltName',
    along: [
      `subject-alternative-name-missing ${SERVER}.crt`,
      ...['admin', 'kubelet', 'controller-manager', 'scheduler'].map(
        (name) => `server-not-covered ${name}.conf`,
      ),
    ],
    because: 'every name that it should have is missing, and each kubeconfig leads to one of them',
    change: serverNames(undefined),
  },
  {
    code: 'host-in-common-name',
    at: `${SERVER}.crt`,
    says: 'the name of the API server is its common name alone',
    along: [`common-name ${SERVER}.crt`],
    because: 'that is not the common name of its role',
    change: issued(SERVER, { subject: '/CN=api.example.com' }),
  },
  {
    code: 'address-as-dns-name',
    at: `${SERVER}.crt`,
    says: 'an address of the API server is a DNS name',
    along: [
      `subject-alternative-name-missing ${SERVER}.crt`,
      `subject-alternative-name-surplus ${SERVER}.crt`,
    ],
    because: 'the address is missing as what it is, and the name is none that can be asked for',
    change: serverNames(`${APISERVER_NAMES}, DNS:198.51.100.1`),
  },
  {
    code: 'dns-name-unmatched',
    at: `${SERVER}.crt`,
    says: 'a name of the API server has a wildcard where none counts',
    along: [`subject-alternative-name-surplus ${SERVER}.crt`],
    because: 'the name is none that can be asked for',
    change: serverNames(`${APISERVER_NAMES}, DNS:api.example.com, DNS:api.*.example.com`),
  },
];
