/** What is there, in what form, and who may read it. */
export const FILE_FAULTS = [
  {
    code: 'row-absent',
    at: 'pki/sa.key',
    says: 'the service account pair was left out of the copy',
    removed: ['pki/sa.key', 'pki/sa.pub'],
  },
  {
    code: 'authority-key-elsewhere',
    at: 'pki/ca.key',
    says: 'the key of the cluster CA is kept on another host',
    removed: ['pki/ca.key'],
  },
  {
    code: 'half-pair',
    at: 'pki/apiserver.crt',
    says: 'the key of the API server was left out of the copy',
    removed: ['pki/apiserver.key'],
  },
  {
    code: 'file-unreadable',
    at: 'pki/apiserver.crt',
    says: 'a container that mounted a file that was not there made a directory in its place',
    removed: ['pki/apiserver.crt'],
    directories: ['pki/apiserver.crt'],
  },
  {
    code: 'file-unknown',
    at: 'pki/notes.txt',
    says: 'somebody left a file in the certificate directory',
    change: () => ({ 'pki/notes.txt': 'renewed by hand, see the ticket\n' }),
  },
  {
    code: 'certificate-unreadable',
    at: 'pki/apiserver.crt',
    says: 'the disk was full when the certificate was written',
    change: ({ tree }) => ({ 'pki/apiserver.crt': tree.get('pki/apiserver.crt').slice(0, 300) }),
  },
  {
    code: 'key-unreadable',
    at: 'pki/ca.key',
    says: 'the key of the cluster CA is encrypted',
    change: ({ tree, encrypted }) => ({ 'pki/ca.key': encrypted(tree.get('pki/ca.key')) }),
  },
  {
    code: 'public-key-unreadable',
    at: 'pki/sa.pub',
    says: 'a line of sa.pub was lost',
    change: ({ tree }) => ({ 'pki/sa.pub': tree.get('pki/sa.pub').replace(/\n.*/, '') }),
  },
  {
    code: 'private-key-exposed',
    at: 'pki/apiserver.crt',
    says: 'certificate and key stand in one file, as for a proxy',
    change: ({ tree }) => ({
      'pki/apiserver.crt': tree.get('pki/apiserver.crt') + tree.get('pki/apiserver.key'),
    }),
  },
  {
    code: 'key-readable',
    at: 'pki/ca.key',
    says: 'everybody on the host may read the key of the cluster CA',
    modes: { 'pki/ca.key': '0644' },
  },
  {
    code: 'file-writable',
    at: 'pki/ca.crt',
    says: 'everybody on the host may put another CA into the file',
    modes: { 'pki/ca.crt': '0666' },
  },
  {
    code: 'mode-too-open',
    at: 'pki/ca.crt',
    says: 'a group may put another CA into the file',
    modes: { 'pki/ca.crt': '0664' },
  },
  {
    code: 'mode-stricter',
    at: 'pki/ca.crt',
    says: 'nobody but root may read the certificate of the cluster CA',
    modes: { 'pki/ca.crt': '0600' },
  },
];
