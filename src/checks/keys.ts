import { fileThatHolds } from '../resolve/desired.ts';
import { ALGORITHMS } from '../table/algorithms.ts';
import { describeKey } from '../x509/keys.ts';
import { type Check, certificateCheck } from './check.ts';
import { isSameDer, type RowEvidence } from './evidence.ts';
import { ISSUE_LEAF_ANEW } from './remedies.ts';

function algorithmHit(
  row: RowEvidence,
  spkiDer: Uint8Array | undefined,
  path: string | undefined,
): ReturnType<Check['run']> {
  if (spkiDer === undefined || path === undefined) return [];
  const expected = 'certificate' in row.desired ? row.desired.certificate.algorithm.id : undefined;
  const wanted = expected ?? (row.desired.kind === 'keyPair' ? row.desired.algorithm.id : undefined);
  const renewed = 'certificate' in row.desired ? row.desired.certificate.renewedAlgorithm?.id : undefined;
  const found = describeKey(spkiDer);
  if (wanted === undefined || found === wanted || found === renewed) return [];
  return [
    { path, field: 'subjectPublicKey', message: 'has a key of another algorithm', expected: wanted, found },
  ];
}

/** Whether keys belong to what lies beside them and are of the kind that was asked for. */
export const KEY_CHECKS: readonly Check[] = [
  certificateCheck(
    {
      code: 'pair-mismatch',
      severity: 'error',
      says: 'The private key is the one whose public key the certificate carries',
      citation: 'RFC 5280 4.1.2.7',
      remedy: 'bring back the key that belongs to the certificate, or remove both to have them made anew',
    },
    ({ certificate }, { key }) =>
      key === undefined || isSameDer(key.spkiDer, certificate.spkiDer)
        ? []
        : [
            {
              field: 'subjectPublicKey',
              message: 'the private key beside it is not the key of this certificate',
            },
          ],
  ),
  {
    code: 'public-key-mismatch',
    severity: 'error',
    says: 'The public key file has the public key of the private key, with or without others',
    citation: 'R2.4',
    remedy:
      'put the public key of the private key into the file (openssl pkey -pubout prints it): without it every token that is issued is refused',
    appliesTo: ['keyPair'],
    run: ({ desired, key, publicKeys }) => {
      if (key === undefined || publicKeys.length === 0) return [];
      if (publicKeys.some((publicKey) => isSameDer(publicKey, key.spkiDer))) return [];
      const path = fileThatHolds(desired, 'publicKey')?.path ?? '';
      return [{ path, message: 'does not hold the public key of the private key beside it' }];
    },
  },
  {
    code: 'public-key-surplus',
    severity: 'warning',
    says: 'The public key file holds one key, but for the time of a rotation: whoever has the private key of a further one makes tokens that are taken',
    citation: 'R2.4',
    remedy:
      'take out the keys whose private keys you do not know; where a rotation is under way, once the tokens that the old key signed have ended',
    appliesTo: ['keyPair'],
    run: ({ desired, key, publicKeys }) => {
      const own = key?.spkiDer ?? publicKeys[0];
      const further = publicKeys.filter((publicKey) => own !== undefined && !isSameDer(publicKey, own));
      if (further.length === 0 || further.length === publicKeys.length) return [];
      const path = fileThatHolds(desired, 'publicKey')?.path ?? '';
      const number = new Set(further.map((publicKey) => Buffer.from(publicKey).toString('base64'))).size;
      const message =
        number === 1
          ? 'holds a further public key, whose private key is not here'
          : `holds ${number} further public keys, whose private keys are not here`;
      return [{ path, message, expected: '1 key', found: `${number + 1} keys` }];
    },
  },
  {
    code: 'key-algorithm',
    severity: 'error',
    says: 'The key of a certificate is of the algorithm that was asked for',
    citation: 'kubeadm.md 1.5',
    remedy: `ask for the algorithm that is there with --key-algorithm, or ${ISSUE_LEAF_ANEW}`,
    appliesTo: ['certificate', 'kubeconfig'],
    run: (row) => algorithmHit(row, row.certificates[0]?.spkiDer, row.files[0]?.path),
  },
  {
    code: 'kept-key-algorithm',
    severity: 'notice',
    says: 'A CA and the service account pair keep the algorithm that they have: their keys outlive requests',
    citation: 'kubeadm.md 1.5',
    remedy: 'nothing to do; another algorithm takes a rotation',
    appliesTo: ['ca', 'keyPair'],
    run: (row) => algorithmHit(row, row.certificates[0]?.spkiDer ?? row.key?.spkiDer, row.files[0]?.path),
  },
  {
    code: 'service-account-algorithm',
    severity: 'error',
    says: 'The service account key is one that the API server takes',
    citation: 'R2.4, R5.16',
    remedy:
      'bring an RSA or ECDSA key, or remove both files to have them made anew: every token has to be issued again then',
    appliesTo: ['keyPair'],
    run: ({ key, files }) => {
      if (key === undefined || ALGORITHMS[key.algorithm].signsServiceAccountTokens) return [];
      const path = files[0]?.path ?? '';
      return [
        {
          path,
          message: 'has a key that the API server does not take',
          expected: 'RSA or ECDSA',
          found: key.algorithm,
        },
      ];
    },
  },
];
