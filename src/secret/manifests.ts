import { timeText } from '../checks/time.ts';
import { CERTIFICATE_SECRET } from '../table/secrets.ts';

/** An object as the API takes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly ownerReferences?: readonly object[];
  };
  readonly [field: string]: unknown;
}

/** A Secret of a bootstrap token that is there already. */
export interface TokenOwner {
  readonly name: string;
  readonly uid: string;
}

const { namespace, role } = CERTIFICATE_SECRET;
const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const TOKEN_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** So many characters of a bootstrap token, each as likely as any other. */
function tokenText(length: number, randomBytes: (length: number) => Uint8Array): string {
  let text = '';
  // A byte from the last multiple of the alphabet on would prefer its beginning.
  const bound = 256 - (256 % TOKEN_ALPHABET.length);
  while (text.length < length) {
    const usable = [...randomBytes(length - text.length)].filter((byte) => byte < bound);
    text += usable.map((byte) => TOKEN_ALPHABET[byte % TOKEN_ALPHABET.length]).join('');
  }
  return text;
}

/** The Secret of a bootstrap token that nobody can join with: all it does is end. */
export function tokenManifest(expires: Date, randomBytes: (length: number) => Uint8Array): Manifest {
  const id = tokenText(6, randomBytes);
  const data = {
    description: CERTIFICATE_SECRET.token.description,
    expiration: timeText(expires),
    'token-id': id,
    'token-secret': tokenText(16, randomBytes),
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)])),
  };
}

/** The Secret itself. */
export function secretManifest(values: ReadonlyMap<string, Uint8Array>, owner?: TokenOwner): Manifest {
  const reference = owner && {
    apiVersion: 'v1',
    kind: 'Secret',
    name: owner.name,
    uid: owner.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: CERTIFICATE_SECRET.name,
      namespace,
      ...(reference === undefined ? {} : { ownerReferences: [reference] }),
    },
    data: Object.fromEntries([...values].map(([key, bytes]) => [key, base64(bytes)])),
  };
}

/** What lets hosts that join read the Secret, and it alone. */
export function accessManifests(): readonly Manifest[] {
  const apiGroup = 'rbac.authorization.k8s.io';
  const apiVersion = `${apiGroup}/v1`;
  const metadata = { name: role, namespace };
  return [
    {
      apiVersion,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['secrets'], resourceNames: [CERTIFICATE_SECRET.name], verbs: ['get'] },
      ],
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: role },
      subjects: [{ apiGroup, kind: 'Group', name: CERTIFICATE_SECRET.readers }],
    },
  ];
}
