/**
 * Forms that only secrets have: the rules of secretlint's recommended preset (MIT), in the version that package.json
 * pins, and forms that it lacks or turns off, each as its vendor documents it. The result depends neither on the network
 * nor on comments in the source that switch rules off.
 */
import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import type { SecretLintRuleContext, SecretLintSourceCode } from '@secretlint/types';

/** Version of the preset, and the day that the forms below were read in their vendors' documents. */
export const DETECTOR = 'secretlint-preset-recommend 13.1.0, forms of 2026-11-29';

/** No pattern can match again within a match; otherwise a long text would take quadratic time. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  // Its first line or its last: a key can be cut in two, or stand in one line. SSH2 writes blanks.
  [/PRIVATE KEY(?: BLOCK)? ?---/, 'a private key'],
  // The same without these lines, by the DER of RFC 8017, 5915, 5958 and 7292, and by the magic of OpenSSH's PROTOCOL.key.
  [/(?<![A-Za-z0-9+/])MII[A-Za-z0-9+/]{2}[AQgw]IBA(?:AKC|DAN|zCC)/, 'a private key'],
  [/(?<![A-Za-z0-9+/])(?:MHcCAQEEI|MIGkAgEBBD|MIHcAgEBBE)/, 'a private key'],
  [/(?<![A-Za-z0-9+/])(?:MIGHAgEAMB|MIG2AgEAMB|MIHuAgEAMB|MEECAQAwEw|MC4CAQAwBQYDK2V)/, 'a private key'],
  [/(?<![A-Za-z0-9+/])b3BlbnNzaC1rZXktdjE/, 'a private key'],
  [/PuTTY-User-Key-File-[0-9]/, 'a private key'],
  [/\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b/, 'an age key'],
  [/\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/, 'an AWS access key id'],
  [/\bLTAI[A-Za-z0-9]{17,24}\b/, 'an Alibaba access key id'],
  [/\bABSK[A-Za-z0-9+/]{100,}={0,2}/, 'a Bedrock key'],
  [/\bbedrock-api-key-[A-Za-z0-9+/=]{40,}/, 'a Bedrock key'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,255}\b/, 'a GitHub token'],
  [/\bgithub_pat_[A-Za-z0-9_]{22,255}\b/, 'a GitHub token'],
  [/\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.=-]{20,300}/, 'a GitLab token'],
  [/\bxox(?:[abepr]|[os](?=-[0-9]))(?:\.xox[bp])?-[A-Za-z0-9-]{10,}\b/, 'a Slack token'],
  [/\bxapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]+\b/i, 'a Slack token'],
  [/\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{20,}/, 'a Slack webhook'],
  [/\bdiscord(?:app)?\.com\/api\/webhooks\/[0-9]{17,20}\/[A-Za-z0-9_-]{60,}/, 'a Discord webhook'],
  [/\.webhook\.office\.com\/webhookb2\/[0-9a-f-]{36}@/, 'a Teams webhook'],
  [/\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/, 'a Telegram bot token'],
  [/\b(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{16,}\b/, 'a Stripe key'],
  [/\bwhsec_[A-Za-z0-9+/=]{24,}/, 'a webhook secret'],
  [/\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/, 'a Google API key'],
  [/\bGOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/, 'a Google client secret'],
  [/\bya29\.[A-Za-z0-9_-]{20,}/, 'a Google access token'],
  [/\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}(?![A-Za-z0-9_-])/, 'a SendGrid key'],
  [/\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}\b/, 'a Brevo key'],
  [/\bSK[0-9a-f]{32}\b/, 'a Twilio key'],
  [/\bnpm_[A-Za-z0-9]{36}\b/, 'an npm token'],
  [/\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}/, 'a PyPI token'],
  [/\brubygems_[a-f0-9]{48}\b/, 'a RubyGems key'],
  [/\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}/, 'a Docker token'],
  [/\bhv[sbr]\.[A-Za-z0-9_-]{24,}/, 'a Vault token'],
  [/\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}/, 'a Terraform token'],
  [/\bdo[opr]_v1_[a-f0-9]{64}\b/, 'a DigitalOcean token'],
  [/\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}/, 'a Doppler token'],
  [/\bdt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b/i, 'a Dynatrace token'],
  [/\bNR(?:AK|II|RA|JS)-[A-Za-z0-9_-]{19,}/, 'a New Relic key'],
  [/\bglc_[A-Za-z0-9+/]{32,}={0,2}|\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b/, 'a Grafana token'],
  [/\beyJrIjoi[A-Za-z0-9+/]{60,}={0,2}/, 'a Grafana key'],
  [/\bsntry[su]_[A-Za-z0-9+/=_]{40,}/, 'a Sentry token'],
  [/\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b/i, 'a Postman key'],
  [/\blin_api_[A-Za-z0-9]{32,}\b/, 'a Linear key'],
  [/\bATATT3[A-Za-z0-9_=-]{80,}/, 'an Atlassian token'],
  [/\bAKCp[A-Za-z0-9]{60,75}\b/, 'an Artifactory key'],
  [/\bsq0(?:csp|atp|idp)-[A-Za-z0-9_-]{22,43}/, 'a Square token'],
  [/\bEAAA[A-Za-z0-9_-]{56,64}(?![A-Za-z0-9_-])/, 'a Square token'],
  [/\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}\b/, 'a Shopify token'],
  [/\bpul-[a-f0-9]{40}\b/, 'a Pulumi token'],
  [/\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._-]{32,64}/, 'a PlanetScale token'],
  [/\bsk-(?:ant-|proj-|svcacct-|or-)?[A-Za-z0-9_-]{32,}/, 'a key of a language model'],
  [/\b(?:hf|api_org)_[A-Za-z]{34}\b/, 'a Hugging Face token'],
  [/\bHRKU-[A-Za-z0-9_-]{58,60}/, 'a Heroku key'],
  [/\bsha256~[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/, 'an OpenShift token'],
  [/\bsq[pua]_[a-f0-9]{40}\b/i, 'a Sonar token'],
  [/\bsgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40}\b/, 'a Sourcegraph token'],
  [/\b[0-9a-f]{32}-us[0-9]{1,2}\b/, 'a Mailchimp key'],
  [
    /\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}\b/,
    'a 1Password key',
  ],
  [/\bcmVmdGtuO[A-Za-z0-9]{55}\b/, 'an Artifactory token'],
  [/\bs-s4t2(?:ud|af)-[a-f0-9]{64}\b/, 'a client secret of 42'],
  [/\b(?:ops_eyJ|pnu_|pplx-|rdme_|shippo_live_|sfs_|vercel_blob_rw_)[A-Za-z0-9_-]{32,}/, 'a token'],
  // Named as in gitleaks' rules.
  [/\bdapi[a-f0-9]{32}(?:-[0-9])?\b/, 'a Databricks token'],
  [/\bfo1_[\w-]{43}(?![\w-])|\bfm[12][ar]?_[A-Za-z0-9+/]{100,}/, 'a Fly.io token'],
  [/\bEZ[AT]K[a-z0-9]{54}\b/i, 'an EasyPost key'],
  [/\bFLWSECK(?:_TEST)?-[a-h0-9]{12,32}/i, 'a Flutterwave key'],
  [/\bAPI-[A-Z0-9]{26}\b/, 'an Octopus key'],
  [/\bdnkey-[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}/, 'a Defined Networking key'],
  [/\bntn_[0-9]{11}[A-Za-z0-9]{35}\b/, 'a Notion token'],
  [/\btfp_[A-Za-z0-9_.=-]{59}/, 'a Typeform token'],
  [/\bsk\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/, 'a Mapbox token'],
  [/\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b/, 'an Airtable token'],
  [/\bv1\.0-[a-f0-9]{24}-[a-f0-9]{146}\b/, 'a Cloudflare key'],
  [/\bCLOJARS_[a-z0-9]{60}\b/i, 'a Clojars token'],
  [/\b(?:pat|sat)\.[A-Za-z0-9_-]{22}\.[a-f0-9]{24}\.[A-Za-z0-9]{20}\b/, 'a Harness key'],
  [/\bfigd_[A-Za-z0-9_-]{40,}/, 'a Figma token'],
  [/\bAccountKey=[A-Za-z0-9+/]{86}==/, 'a key of an Azure account'],
  [
    /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/,
    'an Azure client secret',
  ],
  [/[?&]sig=[A-Za-z0-9%/+]{40,}/, 'a signed URL'],
  [
    /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.(?:[A-Za-z0-9_-]{10,}|(?![A-Za-z0-9_.-]))/,
    'a JSON Web Token',
  ],
  // RFC 7516: five parts.
  [
    /(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]{0,4096}){2}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
    'a JSON Web Token',
  ],
  [/\bv[1-4]\.(?:local|public)\.[A-Za-z0-9_-]{40,}/, 'a PASETO token'],
  [/\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}/, 'a password hash'],
  [/\$(?:1|5|6|7|y|gy|apr1|argon2id?|scrypt|pbkdf2-sha[0-9]+)\$[./A-Za-z0-9$=,+-]{20,}/, 'a password hash'],
  [/\{S?SHA(?:256|512)?\}[A-Za-z0-9+/]{27,}={0,2}/, 'a password hash'],
  [/\$(?:P|H|S|8|9|14)\$[./A-Za-z0-9$]{27,}/, 'a password hash'],
  [/\bSCRAM-SHA-(?:1|256)\$[0-9]{4,9}:[A-Za-z0-9+/=]{8,}\$/, 'a password hash'],
  [/\bpbkdf2[_:-]sha[0-9]+[$:][0-9]{3,9}\$[./A-Za-z0-9]{4,}\$[A-Za-z0-9+/=]{27,}/, 'a password hash'],
  [/\{(?:SMD5|CRYPT|PBKDF2(?:-SHA[0-9]+)?|ARGON2)\}[./A-Za-z0-9$+=,-]{20,}/, 'a password hash'],
  [/\bscrypt-?[a-z0-9:]*\$[./A-Za-z0-9]{8,}\$[a-f0-9]{64,}/, 'a password hash'],
];

/** Shorter texts have no form. */
const SHORTEST = 16;

/** The kind of secret that a text has the form of; undefined for a text without a known form. */
export function secretForm(text: string): string | undefined {
  if (text.length < SHORTEST) return undefined;
  for (const [pattern, what] of FORMS) {
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined && !PLACEHOLDER.test(found)) return what;
  }
  return presetForm(text);
}

/** A form that was filled in with one character: `ghp_xxxxxxxxxxxx`. */
const PLACEHOLDER = /([A-Za-z0-9*#.])\1{7}/;

/** What the preset's rules report of a text. They report synchronously: they only wait for files on a disk. */
function presetForm(text: string): string | undefined {
  reported = undefined;
  scanned = text;
  const source = sourceOf(text);
  for (const handler of HANDLERS) {
    void handler.file?.(source);
    if (reported !== undefined) return reported;
  }
  return undefined;
}

let reported: string | undefined;
let scanned = '';
const CONTEXT: SecretLintRuleContext = {
  sharedOptions: {},
  createTranslator: () => (id) => ({ messageId: String(id), message: String(id), data: undefined }),
  report: ({ message, range }) => {
    const found = scanned.slice(...range);
    // Old tokens of Slack have digits there; a name of a picture has none.
    if (!PLACEHOLDER.test(found) && !/^xox[os]-(?![0-9])/.test(found))
      reported ??= `a secret (${message.messageId})`;
  },
  ignore: () => undefined,
};
/** A filter would obey comments that switch rules off. */
const HANDLERS = rules.filter(({ meta }) => meta.type === 'scanner').map((rule) => rule.create(CONTEXT, {}));

/** A text without a file. No rule of the preset asks for lines and columns in it. */
function sourceOf(content: string): SecretLintSourceCode {
  return {
    content,
    hasBOM: false,
    filePath: undefined,
    physicalFilePath: undefined,
    contentType: 'text',
    ext: '',
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    locationToRange: nowhere,
    rangeToLocation: nowhere,
    positionToIndex: nowhere,
    indexToPosition: nowhere,
  };
}

function nowhere(): never {
  throw new Error('a rule asks for a place in a text');
}
