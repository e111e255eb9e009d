/**
 * One good signature per algorithm, for the test that a kernel passes before it is used. Made by
 * `seedSigner` from the seed of 32 bytes 0x01 (test/workers/kernels.test.ts makes them again); the keys guard nothing.
 */
import { encodeUtf8, parseBase64 } from '../bytes/text.ts';
import type { Algorithm, PublicKey } from '../sign/algorithm.ts';

/** A message and its signature by the holder of `key`. */
interface KnownSignature {
  readonly key: PublicKey;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The known signature of an algorithm. */
export function knownSignature(algorithm: Algorithm): KnownSignature {
  const { key, signature } = KNOWN[algorithm];
  return {
    key: { algorithm, bytes: parseBase64(key) },
    message: encodeUtf8('a tally stick is split in two'),
    signature: parseBase64(signature),
  };
}

const KNOWN: Record<Algorithm, { readonly key: string; readonly signature: string }> = {
  ed25519: {
    key: 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=',
    signature: 'inhRpGugjwb6HqQeeYr9CZ51jCWuahsdLjwU4gfqlH2TAYoZsxfo8gZdi/ORXXLcyJZUk2IbK31rZflVOcH0AA==',
  },
  'ecdsa-p256': {
    key: 'b/A7lJJBzh2t1DUZ5pYOCoW0GmmgXDKBA6orzhWUyhY8T3U6Vb8B3FP2wLDH7ueLQMb/fSWpbiKCuYnO9xwUSg==',
    signature: 'Tek0V4gbauM7PUgURsXogLO04xWVvhk/75Af7Z628RoILEzpA7uKhzEYTmkG5RetbGa31p2HB5+MwYbPxs740Q==',
  },
  'ml-dsa-44': {
    key:
      'Xs4KPWwUutFxQSybcgh9jcGRJY1sEGu6fyhQxyAYfH/vpCec62kvrBeMQRyNAENqJyRlhM1XbKGlvLBbWVJw8XNGDqZHJMtUJ6xh' +
      '+eEgXB3JwECFZ9JBYZe36np46WnsL5nHOkxrcijrSeNi4X1dXVGJgC0eDUEy4HtOyb/m4YVW6vu/vU05KlpbsOFN3y9IrtiB10iy' +
      'gXkzcGajlfmQeZh2TaWNWstwc4thjkaCu6vXjQEC6Jby41ufucSqJX3NxH73wtipBrgMfnGlgoE3CPbWe7Y84ArnN1O5XrGm67Zp' +
      'tgjmX0+ZsDYEpnawNa1yPkVt9YhRlOER+PmgvGAUBXcFi5G4Ucks90a7D0qP2xMiBCYfi+8pDPMjZrIPh4HAtGCTSKS/O1F1Jtqz' +
      'jnA0b2EpymKXqkpFidBe6ntnf7SKrqeuEBjF+WNuUl7UeEkzDNgQWKjiVfCkrRNtJUs7dg6VyLsbnBocE8N9A/JQfx9J5PMybhm6' +
      'RHE+NJdSrqoYwB5N7R5dh2V9SV8BzgBSP4CfarUpKyHKTkql9GwNoTS8zqHILvxBKHosBv9S7zhRE1Vqqi1YIfPq66OFW+o4Nl5g' +
      '8Q0U0LZB5qL+MfnW1aXksrxXVmaN51ynUgTcZ90QDxO572rZfCB7r14ytHBUhOoUkwCumubzcbClvouQCKki0aJjz9YwfnEaMIrd' +
      'PfRDWT7BI9jtCbZtAd92HA9iqZKsl90eCLz/e5Ne+1gFzAOxLhD7YcjUReiFrgIr1Exkws8Q+qe+eDD1AunWDYd05eER0ewuHJww' +
      '/bWIqG9z5vPPpc69bPCGUbkHsJdXfHBqfYw6NA1L4t/yfPPiTYBrfeOs9jlPHSXYsZ2HM09sSjuUb4rQSt8CiVsWX2qioXYXSIEm' +
      'cTrE2W1jI+WzRFqnAq9X/n/dzZngkEz5I2YENiUsyFRz0rWEuiS5p5ePaQ3FhVAZZSJnL7elGA0POZiDVfmqahHiRsLIyepNNiZf' +
      'j8qhEvSgp2XIjqA6pVVleA82RYBU8aFDznRH2hcmKGS5xh3Ex4Zjx09X5TExRMLzrWd8FLmsBVACujs1B8JaBg9TMKUvKgmVCzeS' +
      '+t5K6hWXQT97gam4zMlO1rwAmVOJTbWHQ2hSY9YeT8/OC0bArx7D2DONl9spezSp50Vki5+d70bKltFwM2WUlCVOpDpCwOH4gsza' +
      'E23gXC/C0bqJJgOmxDDUFkIPbDDc29P7kvIE1osYed4BbIYcRvYfDe0uKDYd4nfszMNleiCd2qr2xY19kq0GPGRp5zsw8hWWv3D/' +
      'CeY5KFh8qC0mH1SuxVaWCZkcZS3idstJEu5aVOPApZdfk+O3g/abLsFy4enbqYOKyfBkjGzHqaepYzJsFcErXg2CFrOwhExns/7S' +
      'xfIrT/iCFBkz3ondxmbf9q6wzPYpe5B72E7ZC7YnZvJjweXvTji8WHdA5PRH0E99msN03O/53bHxUczeVq+qqYyaU8c8NNyq43o4' +
      'rCa//cT8GsHQBBvlba33rnmca0v1D/J/VnWj1s39I/hZ0A8nW0g6F7XMRawNgncIsbN0rO5r+ueYjoKxIeW9dveNUnQgiAqr3fqY' +
      '9LoY4yJEMns+J7BxHsKPYkbn6nSaXmvqzVbe6O963uIMyj9vnpIFWQ7CHjMOgeNXhsY1ALuq5j5JokEbqJuFqd/bnTeUYt2zi31R' +
      'lf+lc7Rij89aTnagVnhtrJ2o0idWbEUXnFuybOT9egn8Y1gqig==',
    signature:
      'k17Z0PcqcdDPtuwMtnrjDd4Ayiq8tmj5DrIGQP6biT7mShTxCP2e0Zus30XhTGvS67Lo3LSqrZaKM1yzmcmzwq6Jn/fDWfgVrcxb' +
      'XIGtismjT+yrzJ8fGNhCbZ9pWNGbQneYNZEbHIhSG43QfrEK3vbcvNQgsW3MAfuVUjUV0BdcqMZIFcWVHYXFsSWPqg7mS0W6GNcf' +
      '0N5ij+ZEMzuzowdPZGGmgQTemYapqcOXB4dHpdRkqo1StjV+t5UNFMrtdJe6BH18PPIDwyD29/zmjHwmb0sxvHWIjeFVxJPPQaab' +
      'MHmmaWxvoygoEmMXm71LYK2Xh/SFwgLTuVqj65NmHZ56+TuPsIVEnnFp+JaN5uZ8G15MDExTnRDlpMAEFcSMFIzF1gUNwcA3ql3B' +
      'Ry6u6t8/yWUpJqtc/UktFvfnkUk4UMTTn+HgeHIHPj8/0VroQxm4dFYyUdukMh6mMjE8qSim1UOdYBEpSiBt129dWC/QCAzDCTok' +
      'vCe3W/06ZDvdA1q77oEw2Dia02JwgbBZTLErog9kg2SLOWq1VR6FI5yLQ/P+8ihcVonOdAO5h+Jx8xNzcLujZkDIpSbrh0mPI03f' +
      'u//n+W4FdpZ/fpBY2Vesie94nq5v/zCNjdqA7z79SbhQFVnm0bTpSKTqcdZK/aVoM4C1nDBodgAZFXJRrbKQ3qAOZrvPNQ1iYbbF' +
      'uepaSKhU5/KoctnEdigeDGjQST3EnbCluE37z3JuGcgT+gWN1i3THrWo0wcTlY3Im37PFMkmwxfxo1RmHrtYkc+4hfk8trclmSkj' +
      'mBeKSqKHZMi8ZY1+5uNSdeYBQ5a5I7Rsd9IxYR2Ph78+zeDXLJJ2w9LVqI+uNo/pWA8ii+EVZEWqC411nLfWZXCdTBMEaCn/Nh80' +
      '4qsrJIX5Mtdg7o8HT8qgzRarwPMnz7qzSwC+aeDrKsfR+5WMa6HgjKvTyjDFGRL8YXofHPVu6r9oHskwVZg59z2V/Zb60lgALfeW' +
      'IwI0EAFcjCThDOIETEHLTabbCneV7Xmk7JGGk0iOirAJSOaY5GTR5cVgd93nedrFf+c0LDPGzC5gK3GXFRlcnsaee6QoM/tSCW+F' +
      '8sp61kPGIqAcRtryAWsx1vL2p+9jwXJyFy6fVGh1V9NTesz7eX3rHG4Eoq0DrxSDPo1Pe1OOz/vpN3GIsLR6fd0/ahLalS3ZjSWP' +
      '4oawm1F+cGqvoXjkEio3l8iPIqdNl1nHMy41gL2kqhj2TP2dvzrESTGXE2HK7dqw5DAqqVM4rovNg1+XcxhcZamQTXdwOtdjut/l' +
      '9aFHf2AjEXpUmzywuZur+2tLolAwrkFWb2aS60vk1suhUPaNSOW5fsrDSKTG/oYtUfEtSFo3u7miHZ7UrGALDqLY8EQ3MNYOBKuI' +
      'uZ7UplePRFio7jWjo07pW3Wtemu6bWcgP61Hemh0oiEJeY25GEIeFX0G3JBlP7UMyAdmJknHRvKBSTHWVJDkB7dCQU8Y57qvS4fu' +
      'coqQ1NPhX1UnimVOiLrLhuoAM+QJlvdD14W/rDzZd1lRr4IXSpTQoLv0mrtWVEjtakmKgGMdDIU7uPz4DwdVZCKUabdjU6ComnTc' +
      'MNvz6ctKShAoojLd7+U/wVeeuDbtp6zdDLz+TxDmp6fcp43pfeffni+H8AKPvoGOChEizGpzGWIwIMGZYlJ5TCRobh27HvsqSrws' +
      'cOu4OECPkAjCBL2ZOmXTUQdeAW9D4UmNcI3NqMMtksVkCNJl8ybbcGPd1P9ZEgrX9YAFStcG3Ie1cf5Mgh5poj15HDRKNCyHcDBI' +
      'kfBDC+AyQc/uupmNbIjc5D3HNnhQNu1mbHse2GPJvJ6e8O7oJkstPiZLHpP/qv+PBzy/yZK96QmZEnbLfUQbr2avHcCEbD4gu4sG' +
      'oSUJMH6zBlTnfBiqXd8I7YbHwCmpWUY3wWctgMawmWYmB8TwEnKtsfttjhCl+4teuOGAgGMoIY1Qn4zofKBHm6kEtbfshEym6L0H' +
      'RiqKf4hnRcVCDra6v32E3nuylVTAQkpoQIIlF6vZd5urR/kNVXbqaSZxjCGn36Nl7PU9OVHZWXqfFi0YgSpPpcCJXAJw8PbxNT6P' +
      'fFF8wiSB71wUvjiXfSjH9eYHy5zZM1SQONYKNUsN0KGCWuu1V7h87PeCL68SYZsHm45OcMhVYtosC6mcCip5PQa4UUNaG6OO2/3Y' +
      'LOzRZ8DaUV7h+95X4Ran2n6ty6ASuBvVDry/RnqDOhrPAy8SwfemjTqZOBuvVosrJ1OOcxVOYxu2JHcOK+hgcW+x0eh96oFYPmXu' +
      'WT21F8AhnDpcyr1kFjduaH+h2mShVE2XeO03TFcXamGlqMOtM1M/P0H29sQzmC6w8miEU1Jmdiakag6I1vCXwNSRt1crV9OHd5ii' +
      'ZNoUrV+CaTyB8Xwknkz80NCwVXl9/kBl+mCZqahf9ema9O2spAfyK1mcEp0mxM2jOlBQC3zX2Ly/1lwBnXNpL960renkSL7ovN/C' +
      'hPuwUMsdbu15tBoDONatieYeZDXzfjptCaF7iSnlJdu9V5c9Hrva9PUGjKiyHYZ0x3+vQPlm78+fRs4fg84uDiVOqIg7Mdzpwtvr' +
      'm4ta92ZPMg7CzeRw9xqrHQxcFx9hHGMhY1YtWCZqdTRAgUWsGjrpoVzaub0bdGKR8JNBFo3vIvgpfiNJ6oZ7xIFxz8VIVu6aQVUg' +
      'U0B1cvJZJ8/Sq07utKVT6KgqOG329XInuzMS5BCFKQZDGuDSiTSEl+gYIMzXAKGdg0/SCYweqlpzGYKez6F+OZSK8LHTEgwFDiVZ' +
      'UMJP0YJKcOOhT7P5K8GsHr5KUop690Fn5buwaiPOeta+bhIBAy0tqolfPtA1m89q6u4W8s2/ZkKvf5hz9y4q7MdTxjzJPjNRi16a' +
      '3k079ZTlbD1Y4JitWXiJnDCGFgZ8C9HMHpm+8GsqJ9UzQOIKGRg2sK174Itnl42mCtTAm0U6ntjDurzLa4q4AUP2RXHuAr1790/I' +
      'lsjx+ux5uxSVaMcHjqoMCYB0aAfewvrvEMgJuZAwhqGZ6LV4CkUY4oymERwZu554XFgifS8VQakFkQmIhQFUkjRUNBVaFrPA21ec' +
      'G3PTmOMmeZYNZCkJIzdHj6G3ysvT4fDx9f8MEBkfO1qCjaCmteYDDygvNDhPV3iGlJiZrLS6x8jOAhMbTWJlZ2+IjpS3uLzD9wAA' +
      'AAAAAAAAAAAAAAAAAAAAAA8bLj4=',
  },
};
