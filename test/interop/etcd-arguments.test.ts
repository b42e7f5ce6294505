import { spawn } from 'node:child_process';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { generateClusterPki, writeClusterPki } from '../../src/index.ts';
import { contentsOf, createSandbox } from '../support/cluster.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { componentArguments, freePorts, stop } from './etcd-member.ts';

const etcdOracle = oracle('etcd', isOnPath('etcd'), 'etcd is not on the PATH');

/** What a client without a certificate gets: a status, or the reason why not. */
function statusOf(url: string, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request(url, { ca, agent: false, maxVersion: 'TLSv1.2' }, (response) => {
      response.resume();
      resolve(String(response.statusCode));
    });
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end();
  });
}

etcdOracle('what etcd does without an argument', () => {
  // The table says so in `without`, and an audit repeats it.
  test.each<[RegExp, boolean]>([
    [/^--(?:peer-)?client-cert-auth=/, false],
    [/^--(?:peer-)?(?:client-cert-auth|trusted-ca-file)=/, true],
    [/^--(?:peer-)?trusted-ca-file=/, false],
  ])(
    '%s: whether it lets in everybody is %s',
    async (left, isOpen) => {
      const sandbox = createSandbox();
      const pki = await generateClusterPki({
        hostIp: '192.0.2.1',
        hostname: 'cp1',
        keyAlgorithm: 'ECDSA-P256',
      });
      const folder = join(sandbox.path, 'cp1');
      await writeClusterPki(pki, join(folder, 'pki'));
      const [client, peer] = await freePorts(2);
      const clientUrl = `https://127.0.0.1:${client}`;
      const peerUrl = `https://127.0.0.1:${peer}`;
      const host = { name: 'cp1', folder, spec: pki.spec, clientUrl, peerUrl };
      const child = spawn(
        'etcd',
        [
          ...componentArguments(host, 'etcd').filter((argument) => !left.test(argument)),
          `--name=cp1`,
          `--data-dir=${join(folder, 'data')}`,
          `--listen-client-urls=${clientUrl}`,
          `--advertise-client-urls=${clientUrl}`,
          `--listen-peer-urls=${peerUrl}`,
          `--initial-advertise-peer-urls=${peerUrl}`,
          `--initial-cluster=cp1=${peerUrl}`,
        ],
        { stdio: 'ignore' },
      );
      try {
        const ca = contentsOf(pki, 'pki/etcd/ca.crt');
        const answers: string[] = [];
        while (answers.length === 0 || answers.at(-1)?.includes('ECONNREFUSED') === true) {
          answers.push(await statusOf(`${clientUrl}/version`, ca));
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        expect(answers.at(-1)).toMatch(isOpen ? /^200$/ : / alert (?:bad certificate|certificate required):/);
      } finally {
        await stop(child);
        sandbox.remove();
      }
    },
    60_000,
  );
});
