/**
 * What is taken for a secret, and what is not (src/declare/secret.ts, detector.ts). All values are made up here: forms are
 * put together from parts, so that no scanner of ours or of others takes this file for a leak.
 */
import { createHash } from 'node:crypto';
import t from 'tap';
import { declareJson } from '../../src/declare/json.ts';
import { looksSecret, unmarkedSecrets } from '../../src/declare/secret.ts';
import { declareYaml } from '../../src/declare/yaml.ts';

const hex = (length: number): string => createHash('sha512').update('example').digest('hex').slice(0, length);
/** Letters of both cases and digits, without a pattern. */
const word = (length: number): string =>
  createHash('sha512')
    .update(`word ${length}`)
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .repeat(3)
    .slice(0, length);
const digits = '123456789012';
const why = (value: string, path = '/x'): string | undefined => looksSecret(path, new Map([[path, value]]));

t.test('forms of tokens, wherever they stand', async (t) => {
  const forms: readonly string[] = [
    `AKIA${word(16).toUpperCase()}`,
    `ghp_${word(36)}`,
    `github_pat_${word(22)}_${word(59)}`,
    `glpat-${word(20)}`,
    `glrt-${word(20)}`,
    `xoxb-${digits}-${digits}-${word(24)}`,
    `https://hooks.slack.com/services/T${digits}/B${digits}/${word(24)}`,
    `sk_live_${word(24)}`,
    `AIza${word(35)}`,
    `GOCSPX-${word(28)}`,
    `SG.${word(22)}.${word(43)}`,
    `npm_${word(36)}`,
    `dop_v1_${hex(64)}`,
    `hvs.${word(95)}`,
    `${word(14)}.atlasv1.${word(67)}`,
    `glsa_${word(32)}_${hex(8)}`,
    `sk-ant-api03-${word(93)}AA`,
    `hf_${word(60).replaceAll(/[0-9]/g, '').slice(0, 34)}`,
    `1234567890:AA${word(33)}`,
    `AccountKey=${word(86)}==`,
    `AGE-SECRET-KEY-1${word(58).toUpperCase()}`,
    `eyJ${word(20)}.eyJ${word(40)}.${word(43)}`,
    `eyJ${word(20)}.eyJ${word(40)}.`,
    `$2b$12$${word(53)}`,
    `$6$${word(16)}$${word(86)}`,
    `-----BEGIN OPENSSH ${'private'.toUpperCase()} KEY-----`,
    `curl -u app:${word(12)} https://example.com`,
    `proxy_set_header Authorization: "Bearer ${word(40)}"`,
    `amqp://guest:${word(8)}@queue:5672/`,
  ];
  for (const form of forms) for (const value of [form, `before ${form} after`]) t.ok(why(value), value);
  t.ok(why(Buffer.from(`token: ghp_${word(36)}`).toString('base64')), 'in base64');
  for (const form of [`ghp_${'x'.repeat(36)}`, `glpat-${'X'.repeat(20)}`, `hvs.${'x'.repeat(95)}`])
    t.notOk(why(form), `${form}: filled in with one character`);
});

t.test('names, and references that are the whole value', async (t) => {
  const secret: readonly (readonly [string, string])[] = [
    ['/adminPassword', '$tr0ngPassw0rd!'],
    ['/adminPassword', '$tr0ngPassw0rd'],
    ['/password', '$2a$10$short'],
    ['/password', '${A}-hunter2'],
    ['/password', '${DB_PASSWORD:-hunter2}'],
    ['/password', "{{ pw | default('hunter2') }}"],
    ['/password', 'vault: hunter2 hunter2'],
    ['/password', '<a>hunter2'],
    ['/X-API-KEY', 'abcdefgh'],
    ['/snykKey', `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`],
    ['/ci/sonar.login', hex(40)],
    ['/passwords/0', 'hunter2'],
    ['/tokens/0', word(30)],
    ['/clientSecret', 'abcdefgh'],
    ['/secrets', word(30)],
    ['/password', 'ENC[x] and hunter2'],
    ['/authorization', `Basic ${word(20)}`],
  ];
  for (const [path, value] of secret) t.ok(why(value, path), `${path}: ${value}`);
  const none: readonly (readonly [string, string])[] = [
    ['/password', '$DB_PASSWORD'],
    ['/password', '$dbPassword'],
    ['/password', '${DB_PASSWORD}'],
    ['/password', '${DB_PASSWORD:?say it}'],
    ['/password', '$(cat /run/secrets/x)'],
    ['/password', '{{ vault_password }}'],
    ['/password', '${{ secrets.DB }}'],
    ['/password', '((db-password))'],
    ['/password', '%DB_PASSWORD%'],
    ['/password', '#{DbPassword}#'],
    ['/password', '<your password>'],
    ['/password', '{Password}'],
    ['/token', 'Bearer ${TOKEN}'],
    ['/url', 'postgres://app:${DB_PASSWORD}@db/x'],
    ['/services/backend/secrets/0', 'db-password'],
    ['/services/backend/secrets/0', 'etcd-certs'],
    ['/rules/0/resources/0', 'secrets'],
    ['/jobs/call/secrets', 'inherit'],
    ['/credentials', 'aws-creds'],
    ['/imagePullSecret', 'regcred'],
    ['/ingress/tlsSecret', 'shop-example-tls'],
    ['/password', 'ENC[AES256_GCM,data:p673w==,iv:YY=,tag:UQ==,type:str]'],
    ['/password', '$ANSIBLE_VAULT;1.1;AES256\n62306237\n3331'],
    ['/redis/existingSecret', 'argocd-redis'],
    ['/server/configFromSecret', 'prometheus-config'],
    ['/public_key', hex(40)],
    ['/kmsKey', `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`],
    ['/integrity', `sha512-${word(86)}==`],
    ['/requires/js-tokens', '^3.0.0 || ^4.0.0'],
    ['/enum/0', 'NoUTF8EscapingWithSuffixes'],
    ['/data/address', Buffer.from('https://api.example.com/v1').toString('base64')],
    ['/header', 'Authorization: Bearer $API_KEY'],
    ['/text', 'the header Authorization: Bearer <token> is sent'],
  ];
  for (const [path, value] of none) t.equal(why(value, path), undefined, `${path}: ${value}`);
});

t.test('what a source says of itself switches no rule off', async (t) => {
  const token = `ghp_${word(36)}`;
  t.ok(why(`# secretlint-disable\n${token}\n# secretlint-enable`));
  t.ok(why(`${token} # gitleaks:allow`));
});

t.test('lists that hold names', async (t) => {
  const { leaves } = declareYaml(
    'services:\n  a: {secrets: [db-password, api_key], environment: [A_PASSWORD=hunter2]}\n',
  );
  t.strictSame(
    unmarkedSecrets(leaves, new Set()).map(({ path }) => path),
    ['/services/a/environment/0'],
  );
  t.strictSame(unmarkedSecrets(declareJson('{"secrets":["db-password"]}').leaves, new Set()), []);
});

t.test('a long text takes no time', async (t) => {
  const seeds = [
    'SG.a',
    'ghs_1_a.',
    'xoxb-a-',
    'curl -u ',
    'authorization: bearer ',
    '${',
    '{{',
    '$(',
    '((',
    '<',
    'eyJa.eyJ',
  ];
  const more = [
    'mongodb://a:',
    'https://a:',
    '://a:b',
    'AKIA',
    'key: ',
    'default("',
    'hvs.',
    'AA:',
    'a.atlasv1.',
    '$6$a',
    'Q~a',
  ];
  // Linear patterns need some ten milliseconds for each; ones that begin again within what they have read, minutes.
  for (const seed of [...seeds, ...more])
    t.doesNotThrow(() => why(seed.repeat(200_000 / seed.length), '/password'), `${seed} and so on`);
});
