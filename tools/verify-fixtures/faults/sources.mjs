import { randomBytes } from 'node:crypto';
import { tarOf } from '../tar.mjs';

const base64 = (contents) => Buffer.from(contents).toString('base64');

const secret = (name, data) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'kube-system', name },
  data: Object.fromEntries(Object.entries(data).map(([key, contents]) => [key, base64(contents)])),
});

/** What is wrong with what the files come in. */
export const SOURCE_FAULTS = [
  {
    code: 'archive-damaged',
    at: 'etc.tar',
    says: 'the archive was cut off in the middle of its last file',
    audited: 'etc.tar',
    along: ['file-unreadable etc.tar:pki/sa.pub'],
    because: 'that file cannot be read',
    change: ({ tree }) => {
      const last = ['pki/sa.pub', tree.get('pki/sa.pub')];
      const files = [...tree].filter(([path]) => path !== 'pki/sa.pub');
      return { 'etc.tar': tarOf([...files, last]).subarray(0, -1024 - 512) };
    },
  },
  {
    code: 'archived-twice',
    at: 'etc.tar:pki/ca.crt',
    says: 'a file was added to the archive a second time',
    audited: 'etc.tar',
    change: ({ tree }) => ({ 'etc.tar': tarOf([...tree, ['pki/ca.crt', tree.get('pki/ca.crt')]]) }),
  },
  {
    code: 'secret-encrypted',
    at: 'secret kube-system/kubeadm-certs',
    says: 'what kubeadm uploaded for further control planes lies among the Secrets',
    audited: 'secrets.json',
    change: ({ tree }) => ({
      'secrets.json': `${JSON.stringify(
        {
          apiVersion: 'v1',
          kind: 'List',
          items: [
            secret('kubeadm-certs', { 'ca.crt': randomBytes(64), 'ca.key': randomBytes(64) }),
            secret('backup', {
              'ca.crt': tree.get('pki/ca.crt'),
              'ca.key': tree.get('pki/ca.key'),
              'etcd-ca.crt': tree.get('pki/etcd/ca.crt'),
              'etcd-ca.key': tree.get('pki/etcd/ca.key'),
            }),
          ],
        },
        null,
        2,
      )}\n`,
    }),
  },
];
