import { AUTHORITY, extended } from './changes.mjs';

/** A root with other extensions, and everything that holds it. */
function replacedRoot(make, extensions) {
  const root = make.certificate('pki/root-ca', { extensions });
  const files = new Map([...make.tree, ['pki/root-ca.crt', root]]);
  const names = [...make.tree.keys()].filter((path) => path.endsWith('.conf'));
  return {
    'pki/root-ca.crt': root,
    'pki/ca-chain.crt': make.tree.get('pki/ca.crt') + root,
    ...Object.fromEntries(names.map((name) => [name, make.kubeconfig(name, { files })])),
  };
}

/** CAs: whether each is that of its role alone, and able to do what its role does. */
export const AUTHORITY_FAULTS = [
  {
    code: 'shared-authority',
    at: 'pki/front-proxy-ca.crt',
    says: 'the cluster CA stands in the file of the front proxy CA, so that every client of the cluster is a proxy',
    change: ({ tree }) => ({
      'pki/front-proxy-ca.crt': tree.get('pki/front-proxy-ca.crt') + tree.get('pki/ca.crt'),
    }),
  },
  {
    code: 'authority-surplus',
    at: 'pki/ca.crt',
    says: 'the CA from before the rotation still stands in ca.crt',
    change: (make) => ({
      'pki/ca.crt':
        make.tree.get('pki/ca.crt') +
        make.certificate('pki/ca', { key: make.key(), subject: '/CN=kubernetes-ca-2016' }),
    }),
  },
  {
    code: 'path-length-short',
    tree: 'clean-rooted',
    at: 'pki/root-ca.crt',
    says: 'the root may have no CA below it',
    along: ['path-length pki/root-ca.crt'],
    because: 'it is another path length than the one that is wanted, too',
    change: (make) => replacedRoot(make, { basicConstraints: 'critical, CA:TRUE, pathlen:0' }),
  },
  {
    code: 'authority-usage',
    at: 'pki/front-proxy-ca.crt',
    says: 'the front proxy CA may only sign servers',
    along: ['path-refused pki/front-proxy-client.crt'],
    because: 'so its clients are refused',
    change: extended(AUTHORITY, { extendedKeyUsage: 'serverAuth' }),
  },
  {
    code: 'name-constraints',
    at: 'pki/front-proxy-ca.crt',
    says: 'the front proxy CA is limited to the names of a company',
    change: extended(AUTHORITY, { nameConstraints: 'critical, permitted;DNS:example.com' }),
  },
  {
    code: 'root-key-beside',
    tree: 'clean-rooted',
    at: 'pki/root-ca.key',
    says: 'the key of the root was copied to where it is kept, and not taken away',
    arguments: ['--root-ca-dir', 'root-ca'],
    change: ({ tree }) => ({
      'root-ca/root-ca.crt': tree.get('pki/root-ca.crt'),
      'root-ca/root-ca.key': tree.get('pki/root-ca.key'),
    }),
  },
  {
    code: 'copy-differs',
    tree: 'clean-rooted',
    at: 'root-ca/root-ca.crt',
    says: 'where the root is kept there is another root of the same name',
    arguments: ['--root-ca-dir', 'root-ca'],
    removed: ['pki/root-ca.key'],
    along: ['pair-mismatch pki/root-ca.crt'],
    because: 'the key that is kept there is not that of the root here',
    change: (make) => {
      const key = make.key();
      return {
        'root-ca/root-ca.crt': make.certificate('pki/root-ca', { key }),
        'root-ca/root-ca.key': key,
      };
    },
  },
];
