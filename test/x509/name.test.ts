import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { strictReader } from '../../src/x509/certificate-reader.ts';
import {
  attributeValues,
  COMMON_NAME_OID,
  type DistinguishedName,
  ORGANIZATION_OID,
} from '../../src/x509/model.ts';
import { encodeName } from '../../src/x509/name.ts';
import { subjectByNode } from '../support/node-certificate.ts';
import { forgeCertificate } from './forge.ts';

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const read = (der: Uint8Array): DistinguishedName =>
  strictReader.parse(forgeCertificate({ subjectDer: der })).subject;

describe('encodeName', () => {
  test.each([
    [
      'v1.28.15-endpoint-sans/pki/apiserver-kubelet-client.crt',
      'kube-apiserver-kubelet-client',
      ['system:masters'],
    ],
    ['v1.37.2-default/pki/apiserver.crt', 'kube-apiserver', []],
    ['v1.37.2-default/pki/ca.crt', 'kubernetes', []],
  ])('gives the bytes that Go wrote into %s', (path, commonName, organization) => {
    const golden = new X509Certificate(readFileSync(`fixtures/kubeadm/${path}`));
    expect(hex(encodeName({ organization, commonName }))).toBe(
      hex(strictReader.parse(golden.raw).subject.der),
    );
  });

  test('puts several organisations into one multi-valued RDN, in the order of their encodings', () => {
    const organizations = '3008060355040a130161 3008060355040a13017a 3009060355040a13027a7a';
    const expected = `302d 311f ${organizations} 310a 30080603550403130163`;
    expect(hex(encodeName({ organization: ['zz', 'a', 'z'], commonName: 'c' }))).toBe(
      expected.replaceAll(' ', ''),
    );
  });

  test.each([
    ['system:node:cp-1.example', 0x13],
    ["AZaz09 '()+,-./:=?", 0x13],
    ['a*', 0x0c],
    ['a_b', 0x0c],
    ['a@b', 0x0c],
    ['a&b', 0x0c],
    ['クラスタ', 0x0c],
  ])('encodes %s with tag %d', (commonName, tag) => {
    expect(encodeName({ commonName })[11]).toBe(tag);
  });

  test('leaves out what is empty', () => {
    expect(hex(encodeName({ commonName: '' }))).toBe('3000');
    expect(hex(encodeName({ organization: [], commonName: '' }))).toBe('3000');
    expect(read(encodeName({ organization: ['o'], commonName: '' })).attributes).toHaveLength(1);
  });

  test.each([
    'a, O=system:masters',
    'a/O=system:masters',
    'a+O=system:masters',
    'CN=a\nO=system:masters',
    'a\0b',
    '\ufeffa',
    '"a", \\',
  ])('keeps %j one common name and nothing else', (commonName) => {
    const der = forgeCertificate({ subjectDer: encodeName({ commonName }) });
    expect(strictReader.parse(der).subject.attributes).toEqual([{ oid: COMMON_NAME_OID, value: commonName }]);
    expect(subjectByNode(der)).toEqual({ CN: commonName });
  });

  test('never makes an attribute more or another value of any text', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 3 }), (commonName, organization) => {
        const name = read(encodeName({ organization, commonName }));
        expect(attributeValues(name, COMMON_NAME_OID)).toEqual([commonName]);
        expect(attributeValues(name, ORGANIZATION_OID).toSorted()).toEqual(organization.toSorted());
        expect(name.attributes).toHaveLength(1 + organization.length);
      }),
    );
  });

  test('refuses a lone surrogate, which has no encoding of its own', () => {
    expect(() => encodeName({ commonName: 'a\ud800' })).toThrow(RangeError);
  });
});
