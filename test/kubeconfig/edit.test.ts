import { describe, expect, test } from '@jest/globals';
import { editKubeconfig } from '../../src/kubeconfig/edit.ts';
import { parseKubeconfig } from '../../src/kubeconfig/parse.ts';

const NEW = { certificateAuthorityPem: 'new ca', clientCertificatePem: 'new cert', clientKeyPem: 'new key' };
const data = (text: string): string => Buffer.from(text).toString('base64');
const OLD = { ca: data('old ca'), cert: data('old cert'), key: data('old key') };

const FOREIGN = `# Made by hand on a Tuesday.
apiVersion: v1
kind: Config
current-context: "main"   # the one in use
contexts:
  - { name: other, context: { cluster: east, user: bob } }
  - name: main
    context: { cluster: here, user: me, namespace: prod }
clusters:
  - name: east
    cluster:
      certificate-authority-data: ${OLD.ca}
      server: https://east.example.com
  - name: here
    cluster:
      server: https://192.0.2.10:6443 # the first host
      certificate-authority-data: '${OLD.ca}'
users:
  - name: bob
    user: { token: abc }
  - name: me
    user:
      # rotated by a timer
      client-key-data: >-
        ${OLD.key}
      client-certificate-data: "${OLD.cert}"
`;

describe('a kubeconfig that is edited', () => {
  test('keeps every character but those of what is written anew', async () => {
    const edited = await editKubeconfig(FOREIGN, { ...NEW, server: 'https://lb.example.com:6443' });
    expect(edited).toBe(
      FOREIGN.replace(`'${OLD.ca}'`, `"${data('new ca')}"`)
        .replace(`>-\n        ${OLD.key}`, data('new key'))
        .replace(OLD.cert, data('new cert'))
        .replace('https://192.0.2.10:6443', 'https://lb.example.com:6443'),
    );
    expect(await parseKubeconfig(edited)).toMatchObject({
      server: 'https://lb.example.com:6443',
      certificateAuthority: { pem: 'new ca' },
      clientCertificate: { pem: 'new cert' },
      clientKey: { pem: 'new key' },
    });
  });

  test('may be JSON, and may have an address with brackets', async () => {
    const value = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'main',
      contexts: [{ name: 'main', context: { cluster: 'here', user: 'me' } }],
      clusters: [
        { name: 'here', cluster: { 'certificate-authority-data': OLD.ca, server: 'https://[::1]:1' } },
      ],
      users: [{ name: 'me', user: { 'client-certificate-data': OLD.cert, 'client-key-data': OLD.key } }],
    };
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      const edited = await editKubeconfig(text, { ...NEW, server: 'https://[2001:db8::1]:6443' });
      expect(JSON.parse(edited)).toEqual({
        ...value,
        clusters: [
          {
            name: 'here',
            cluster: {
              'certificate-authority-data': data('new ca'),
              server: 'https://[2001:db8::1]:6443',
            },
          },
        ],
        users: [
          {
            name: 'me',
            user: { 'client-certificate-data': data('new cert'), 'client-key-data': data('new key') },
          },
        ],
      });
    }
  });

  test('goes on naming the file of its CA where it names one', async () => {
    const text = FOREIGN.replace(
      `certificate-authority-data: '${OLD.ca}'`,
      'certificate-authority: pki/ca.crt',
    );
    const edited = await editKubeconfig(text, NEW);
    expect(edited).toContain('certificate-authority: pki/ca.crt');
    expect(edited).not.toContain(data('new ca'));
  });

  test.each([
    ['an anchor', `&key "${OLD.cert}"`],
    ['an alias', '*key'],
  ])('is refused where a field is %s, which changes more than itself', async (_, scalar) => {
    const anchored = `x-key: &key ${OLD.cert}\n${FOREIGN}`.replace(`"${OLD.cert}"`, scalar);
    const text = scalar.startsWith('&') ? anchored.replace('&key ', '') : anchored;
    await expect(editKubeconfig(text, NEW)).rejects.toMatchObject({
      code: 'ERR_KUBECONFIG',
      detail: { field: 'user.client-certificate-data' },
    });
  });
});
