import { issued } from './changes.mjs';

const dated = (stem, notBefore, notAfter) => issued(stem, { notBefore, notAfter });

/** When a certificate begins and ends; the moment that is asked about is 2027-06-01. */
export const TIME_FAULTS = [
  {
    code: 'expired',
    at: 'pki/apiserver.crt',
    says: 'the certificate of the API server ended a month ago',
    change: dated('pki/apiserver', '20260501000000Z', '20270501000000Z'),
  },
  {
    code: 'not-yet-valid',
    at: 'pki/apiserver.crt',
    says: 'the clock of the host that issued it was a month ahead',
    change: dated('pki/apiserver', '20270701000000Z', '20280630000000Z'),
  },
  {
    code: 'expires-soon',
    at: 'pki/apiserver.crt',
    says: 'the certificate of the API server ends in two weeks',
    change: dated('pki/apiserver', '20260615000000Z', '20270615000000Z'),
  },
  {
    code: 'authority-ends-soon',
    at: 'pki/front-proxy-ca.crt',
    says: 'the front proxy CA ends in half a year, and what trusts it has to be changed before',
    change: (make) => ({
      ...dated('pki/front-proxy-ca', '20180101000000Z', '20271229000000Z')(make),
      ...dated('pki/front-proxy-client', '20270101000000Z', '20271201000000Z')(make),
    }),
  },
  {
    code: 'further-authority-ends',
    at: 'pki/ca.crt',
    says: 'the certificate from before the renewal of the CA still stands in ca.crt, and has ended',
    along: ['authority-surplus pki/ca.crt'],
    because: 'it is one more than is wanted, too',
    change: (make) => ({
      'pki/ca.crt':
        make.tree.get('pki/ca.crt') +
        make.certificate('pki/ca', { notBefore: '20160501000000Z', notAfter: '20260501000000Z' }),
    }),
  },
  {
    code: 'outlives-signer',
    at: 'pki/front-proxy-client.crt',
    says: 'the certificate ends a month after its CA',
    change: dated('pki/front-proxy-ca', '20270101000000Z', '20271201000000Z'),
  },
  {
    code: 'lifetime-longer',
    at: 'pki/apiserver.crt',
    says: 'the certificate of the API server lives two years',
    change: dated('pki/apiserver', '20270101000000Z', '20290101000000Z'),
  },
];
