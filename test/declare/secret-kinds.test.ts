/**
 * Kinds of places where secrets stand in configuration, and of values that stand where one would and are none
 * (src/declare/secret*.ts). All values are made up here.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { refuseSecrets } from '#src/declare/read.ts';
import type { Unmarked } from '#src/declare/leaf.ts';
import { looksSecret, unmarkedSecrets } from '#src/declare/secret.ts';
import { declareYaml } from '#src/declare/yaml.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const bare = (text: string): string => base64(text).replace(/=+$/, '');
const digest = (text: string, form: 'hex' | 'base64'): string =>
  createHash('sha512').update(text).digest(form);
/** Letters of both cases and digits. */
const word = (length: number): string =>
  digest('w', 'base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, length);
const why = (value: string, path = '/x'): string | undefined => looksSecret(path, new Map([[path, value]]));
const found = (yaml: string): readonly string[] =>
  unmarkedSecrets(declareYaml(yaml).leaves, new Set()).map(({ path }) => path);
const caps = (text: string): string => text.toUpperCase();

/** Forty characters of base64 with a slash, as AWS makes them. */
const awsSecret = `${word(12)}/${digest('v', 'base64')
  .replaceAll(/[^A-Za-z0-9]/g, '')
  .slice(0, 27)}`;

t.test('texts that hold a secret, under a name that says nothing', async (t) => {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    netrc: [
      'machine repo.example login deploy password hunter22',
      'machine repo.example\n  login deploy\n  password hunter22\n',
      'default login anonymous password hunter22',
    ],
    pgpass: ['db.example:5432:shop:app:hunter22', '# all\n*:*:*:app:hunter22\n'],
    xml: [
      '<server><id>r</id><password>hunter22</password></server>',
      '<Pass encoding="base64">aHVudGVyMjI=</Pass>',
      '<c:password>hunter22</c:password>',
      '<password><![CDATA[hunter22]]></password>',
      '<entry key="password">hunter22</entry>',
      '<property name="hibernate.connection.password">hunter22</property>',
      '<add key="Password" value="hunter22"/>',
      '<add key="ClearTextPassword" value="hunter22" />',
      '<add name="Main" connectionString="Server=db;Uid=app;Pwd=hunter22;" />',
      '<data-source user="app" password="hunter22"/>',
    ],
    commands: [
      'mysql -u root -phunter22 shop',
      'mysqldump --all-databases -p"hunter22"',
      '/usr/bin/mysql -phunter22',
      'mysql --password hunter22',
      'PGPASSWORD=hunter22 psql -h db',
      'PGPASSWORD=hunterhunter psql -h db',
      'mysql --password hunterhunter shop',
      'curl -u deploy:hunter22 https://repo.example/',
      'curl https://repo.example \\\n  --user deploy:hunter22 -d x',
      'curl -udeploy:hunter22 https://repo.example/',
      "sshpass -p 'hunter22' ssh host",
      'sshpass -phunter22 ssh host',
      'redis-cli -h cache -a hunter22 ping',
      'docker login -u deploy -p hunter22 registry.example',
      'sudo docker login -p hunter22',
      'helm registry login registry.example -u deploy -p hunter22',
      'mongodump -u app -p hunter22',
      'ldapsearch -x -D cn=admin -w hunter22',
      'sqlcmd -S db -U sa -P hunter22',
      'smbclient //files/share -U deploy%hunter22',
      'openssl rsa -in k -passin pass:hunter22',
      'keytool -list -storepass hunter22',
      'rabbitmqctl add_user app hunter22',
      'htpasswd -bc .htpasswd app hunter22',
      'kubectl create secret generic db --from-literal=password=hunter22',
      'java -Djavax.net.ssl.keyStorePassword=hunter22 -jar app.jar',
      'echo hunter22 | docker login -u deploy --password-stdin',
      'echo "app:hunter22" | chpasswd',
      `aws configure set aws_secret_access_key ${awsSecret}`,
    ],
    urls: [
      'postgres://app:hun/ter22@db.example/shop',
      'https://me@example.com:hunter22@git.example/x',
      `https://ghp_${word(36)}@github.com/o/r`,
      `https://${digest('t', 'hex').slice(0, 40)}:x-oauth-basic@github.com/o/r`,
      `https://${word(24)}@git.example/o/r`,
      `https://x-access-token:${word(24)}@github.com/o/r`,
      'amqp://app:hunter22@queue:5672/',
      'mongodb+srv://app:hunter22@db.example/shop',
      'redis://:84726152@cache:6379',
      'jdbc:postgresql://db/shop?user=app&password=hunter22',
      'jdbc:oracle:thin:app/hunter22@db:1521:x',
      'jdbc:sqlserver://db;user=app;password=hunter22',
      'http://a:80,http://app:hunter22@b:80',
    ],
    'connection strings': [
      'Server=db;Database=shop;User Id=app;Pwd=hunter22',
      'Driver={PostgreSQL};Server=db;UID=app;PWD=hunter22;',
      'host=db user=app password=hunter22 sslmode=require',
    ],
    headers: [
      `Authorization: Basic ${base64('app:hunter22')}`,
      `Authorization: Bearer ${word(30)}`,
      `Basic ${base64('app:hunter22')}`,
      `Bearer ${word(30)}`,
      'X-Api-Key: hunter22',
      'Private-Token: hunter22',
      `Authorization: ${digest('u', 'hex').slice(0, 40)}`,
    ],
    files: [
      `//registry.npmjs.example/:_authToken=${digest('n', 'hex').slice(0, 8)}-hunter`,
      `//registry.npmjs.example/:_auth=${base64('app:hunter22')}`,
      '[pypi]\nusername = deploy\npassword = hunter22\n',
      'db_password = "hunter22"',
      'variable "db_password" {\n  type    = string\n  default = "hunter22"\n}\n',
      "define( 'DB_PASSWORD', 'hunter22' );",
      "define('AUTH_SALT', 'a(>M%0Vl 2(#o0|2$cB+K');",
      "$dbpasswd = 'hunter22';",
      "'password' => 'hunter22',",
      '"password" : "hunter22"',
      '{\\"password\\": \\"hunter22\\"}',
      'password = os.getenv("DB_PASSWORD", "hunter22")',
      'requirepass hunter22\n',
      'password: |\n  hunter22\n',
      'db:\n  password:\n    hunter22\n  user: app\n',
      'vault login hunter22.abc',
      'FROM scratch\nENV DB_PASSWORD hunter22\n',
      'userlist u\n  user app insecure-password hunter22\n',
      'password "hunter22"',
      'enable secret 0 hunter22',
      'username admin password 7 094F471A1A0A',
      "CREATE USER app IDENTIFIED BY 'hunter22';",
      "ALTER ROLE app WITH LOGIN PASSWORD 'hunter22';",
      'env:\n- name: DB_PASSWORD\n  value: hunter22\n',
      '{ name = "DB_PASSWORD", value = "hunter22" }',
      'password=84726152',
      `data:\n  note: ${base64(`-----BEGIN RSA ${caps('private')} KEY-----\nMIIE`)}\n`,
    ],
    forms: [
      awsSecret,
      `KEY=${word(40)}`,
      `-----END ${caps('private')} KEY-----`,
      `-----BEGIN ${caps('private')} KEY-----\\nMC4CAQ\\n`,
      `MIIEpAIBAAKC${word(40)}`,
      `MIIEvQIBADANBgkqhkiG${word(40)}`,
      `MHcCAQEEI${word(40)}`,
      `MC4CAQAwBQYDK2VwBCIE${word(40)}`,
      `b3BlbnNzaC1rZXktdjEA${word(40)}`,
      `$apr1$${word(8)}$${word(22)}`,
      `app:$2y$05$${word(53)}`,
      `{SSHA}${word(32)}`,
      `SCRAM-SHA-256$4096:${word(22)}==$${word(43)}=:${word(43)}=`,
      `pbkdf2_sha256$260000$${word(22)}$${word(43)}=`,
      `eyJ${word(20)}.eyJ${word(40)}.${word(43)}`,
      `eyJ${word(20)}..${word(16)}.${word(40)}.${word(22)}`,
    ],
  };
  for (const [kind, values] of Object.entries(kinds))
    for (const value of values) {
      t.ok(why(value), `${kind}: ${value}`);
      if (value.length > 12) t.ok(why(bare(value)), `${kind}, in base64 without padding: ${value}`);
      t.notMatch(why(value), /hunter22|84726152/, 'the value is not told');
    }
});

t.test('names, numbers, and what stands beside', async (t) => {
  const kinds: readonly (readonly [yaml: string, path: string])[] = [
    ['password: 84726152', '/password'],
    ['db: {pin_password: 12345.0}\npw: 84726152', '/pw'],
    ['env: [{name: DB_PASSWORD, value: 84726152}]', '/env/0/value'],
    ['api_token: 84726152915', '/api_token'],
    ['DB_PASSWORD_PROD: hunter22', '/DB_PASSWORD_PROD'],
    [`password: "{{ db_password | default('hunter22') }}"`, '/password'],
    ['password: correct horse battery staple', '/password'],
    ['password2: hunter22', '/password2'],
    ['passwordHash: hunter22', '/passwordHash'],
    ['clientsecret: hunter22', '/clientsecret'],
    ['rootpw: hunter22', '/rootpw'],
    ['passwords: {alice: hunter22}', '/passwords/alice'],
    ['preSharedKey: hunter22', '/preSharedKey'],
    ['secret_key_base: hunter22', '/secret_key_base'],
    ['identitytoken: hunter22', '/identitytoken'],
    ['auth: "app:hunter22"', '/auth'],
    [`auth: ${base64('app:hunter22')}`, '/auth'],
    ['Parameters: {DBPassword: {Type: String, Default: hunter22}}', '/Parameters/DBPassword/Default'],
    ['variable: {db_password: {default: hunter22}}', '/variable/db_password/default'],
    ['parameters: {adminPassword: {value: hunter22}}', '/parameters/adminPassword/value'],
    ['- {ParameterKey: DBPassword, ParameterValue: hunter22}', '/0/ParameterValue'],
    ['kind: Secret\nstringData: {anything: hunter22}', '/stringData/anything'],
    [`kind: Secret\ndata: {anything: ${base64('hunter22')}}`, '/data/anything'],
    ['jwks: {keys: [{kty: OKP, crv: Ed25519, x: abcdefgh, d: hunter22}]}', '/jwks/keys/0/d'],
    ['command: [redis-cli, -a, hunter22]', '/command/2'],
    ['command: [redis-cli]\nargs: [-h, cache, -a, hunter22]', '/args/3'],
    ['command: [mysql, -phunter22]', '/command/1'],
    ['run: [docker, login, -u, deploy, -p, hunter22]', '/run/5'],
    ['run: [curl, -u, "deploy:hunter22"]', '/run/2'],
    ['"https://app:hunter22@db.example/": 1', ''],
    [`users: {ghp_${word(36)}: admin}`, '/users'],
    ['"--password=hunter22": null', ''],
    [
      `pem: ["-----BEGIN RSA ${caps('private')} KEY-----\\nabc", "abc\\n-----END RSA ${caps('private')} KEY-----"]`,
      '/pem/1',
    ],
  ];
  for (const [yaml, path] of kinds) t.ok(found(yaml).includes(path), `${yaml}: ${found(yaml).join(' ')}`);
});

t.test('what stands where a secret would, and is none', async (t) => {
  const values: readonly string[] = [
    'changeme',
    'CHANGE_ME',
    'change-me-please',
    'replace_with_your_password',
    'your-password',
    'YOUR_API_KEY_HERE',
    'my-secret-token',
    '<password>',
    '[REDACTED]',
    '***REMOVED***',
    'REDACTED',
    'redacted-by-ops',
    'placeholder',
    'interbroker-password-placeholder',
    '${DB_PASSWORD}',
    '${DB_PASSWORD:-}',
    '$DB_PASSWORD',
    '$db_password_2',
    '{{ .Values.db.password }}',
    '{{ lookup("env", "DB_PASSWORD") }}',
    '{{resolve:secretsmanager:db:SecretString:password}}',
    '%(db_password)s',
    '@@DB_PASSWORD@@',
    '/run/secrets/db',
    'secrets/db.txt',
    'secret/data/db#password',
    'projects/p/secrets/db/versions/latest',
    'DB_PASSWORD',
    'db-password',
    'aws_db_instance.main.password',
    'var.db_password',
    'random_password.db.result',
    'required',
    'bcrypt',
    'SecureString',
    'write',
    'The password of the user',
    'Enter your password',
    'true',
    '(sensitive value)',
  ];
  for (const value of values)
    for (const path of ['/password', '/db/clientSecret', '/env/name=API_TOKEN/value'])
      t.equal(why(value, path), undefined, `${path}: ${value}`);
  for (const value of values.slice(0, 20))
    t.equal(why(base64(value), '/password'), undefined, `base64 of ${value}`);
  const documents: readonly string[] = [
    'password_min_length: 12',
    'password_policy: strict',
    'passwords: {minLength: 12, policy: strict, hash: sha512}',
    'forgotPassword: "Forgot your password?"\npassword: Must be at least 12 characters',
    'api_key: "0000000000"\nAPI_TOKEN: none-configured',
    'passwordSecretRef: {name: db-pass, key: password}',
    'passwordSecretKey: admin-user',
    'serviceAccountSecretKey: credentials.json',
    'permissions: {id-token: write}',
    'token: 4096\ntokens: 100000\nmax_tokens: 1000000\nsecret_rotation: 86400',
    'password: true\nsecret: 443',
    'automountServiceAccountToken: Whether a token is mounted, as the default says',
    'keyVaultToStoreSecrets: shop-vault-prod',
    'S3Key: functions/jwt-resource-handler-1.2.3.zip',
    'auth: "registry:latest"\nimage: app:v1.2.3-hunter',
    'kind: ConfigMap\ndata: {note: hunter22}',
    'command: [docker, run, -p, "8080:80", redis]',
    'command: [psql, -p, "5432"]\nargs: [-a, hunter22]',
    'run: [mysql, -p, shop]',
    `sum: ${digest('s', 'base64').slice(0, 44)}=\nchecksum: ${word(40)}`,
  ];
  for (const yaml of documents) t.strictSame(found(yaml), [], yaml);
  const texts: readonly string[] = [
    'machine learning needs a login and a password',
    'mysql -u root -p shop',
    'mysql -p"$MYSQL_ROOT_PASSWORD" shop',
    'redis-cli -a $REDIS_PASSWORD{{ if .tls }} --tls{{ end }}',
    'curl -u "$USER:$PASSWORD" https://repo.example/',
    'docker run -p 127.0.0.1:8080:80 app',
    'docker login -u deploy --password-stdin < /run/secrets/registry',
    'password="$(airflow_encode_url "$DB_PASSWORD")"',
    'token=$(curl -s http://169.254.169.254/latest/api/token)',
    'fmt.Sprintf("postgres://app:%s@db:5432/shop", password)',
    'redis://${REDIS_PASSWORD:-}@cache:6379',
    'http://localhost:8080/@scope/name',
    'http://localhost:${PORT}/api/@scope',
    'git+ssh://git@git.example:team/repo.git@v1.2.3',
    'oci://registry.example:5000/app@sha256:0123',
    `https://${digest('p', 'hex').slice(0, 32)}@o1.ingest.sentry.io/42`,
    "input[type='password'], [type='search']",
    '<password>${db.password}</password>',
    '<add key="PasswordLength" value="longest"/>',
    'variable "db_password" {\n  type = string\n}\nvariable "region" {\n  default = "eu-west-1"\n}\n',
    'let token = tokens[0]\nconst password = readPassword()\nif (password == other.password) {}',
    'Authorization: Bearer <token>',
    'The header "Authorization: Basic" is sent with each request.',
    'password reset\npassword policies\n',
    'password:\n  minLength: 12\nsecret:\n  - name-1\ntoken:\n  existing2: x\n',
    'vault login -method=oidc',
    'a password 8 characters long, and a default password policy',
    'the user and password credentials of the grant',
    'a machine, a login and password prompts',
    '{{- $secret := (lookup "v1" "Secret" .namespace .name) -}}',
    'export PASSWORD="${PASSWORD:-$(< "$PASSWORD_FILE")}"',
    'password: "{{ print "{{DB_PASSWORD}}" }}"',
    'If it says `automountToken: true`, set it to `false`.',
    '{{- $password := include "common.secrets.lookup" (dict "secret" .name) -}}',
    '{{- $password = randAlphaNum $length }}',
    'var token = /\\s?auto?\\s?/i',
    '- refresh_token: allows the client to stay',
    `{{ htpasswd (required "'auth.password' is required" .Values.password) }}`,
    'https://img.example/2018-250-xoxo-party-1.jpg',
  ];
  for (const value of texts) t.equal(why(value), undefined, value);
});

t.test('an alarm says where and why, and both ways out', async (t) => {
  const told = (unmarked: readonly Unmarked[]): string => {
    try {
      refuseSecrets({ profile: 'yaml@1', excluded: [], source: { kind: 'yaml' }, leaves: [], unmarked });
    } catch (error) {
      return error instanceof Refusal ? `${error.message} ${JSON.stringify(error.remedy)}` : String(error);
    }
    return '';
  };
  const all = (yaml: string, known: readonly string[] = []): readonly Unmarked[] =>
    unmarkedSecrets(declareYaml(yaml).leaves, new Set(known));
  const one = told(all('db: {password: hunter22}'));
  t.match(one, '/db/password looks like the value of "password"');
  t.match(one, '{"sensitive":"/db/password","notSecret":"/db/password","list":true}');
  t.notMatch(one, 'hunter22');
  const name = 'dbs: {"postgres://app:hunter22@db": {size: 1, kind: a}}';
  t.equal(all(name).length, 1, 'once, whatever stands below');
  t.match(told(all(name)), /member of \/dbs looks like .*\{"notSecret":"\/dbs","list":true\}/s);
  t.notMatch(told(all(name)), 'hunter22');
  t.strictSame(all(name, ['/dbs']), []);
});

t.test('a text is read once, however long it is', async (t) => {
  const pieces = fc.constantFrom(
    'machine a login b password ',
    'curl -u ',
    'docker login -p ',
    'redis-cli -a',
    'mysql -p',
    '://',
    'https://a:',
    'a@b:',
    '@',
    '<password>',
    '<a ',
    '</',
    'name: a ',
    'value="',
    'define("a", ',
    'variable "a" {',
    'default = "',
    'password=',
    "pw='",
    'pw="',
    'a=',
    'b:c:',
    '1:',
    '\\\n',
    '\n',
    ' ',
    '"',
    "'",
    'eyJ',
    '.',
    '-',
    'PRIVATE KEY',
    'MII',
    '$2y$',
    'echo a | ',
    'Bearer ',
    '/',
    '{',
    '}',
    '$(',
  );
  // Linear patterns need at most some hundred milliseconds for each; ones that begin again within what they have read, minutes.
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 4 }), (some) => {
      const seed = some.join('');
      why(seed.repeat(Math.ceil(200_000 / seed.length)));
    }),
    { numRuns: 40 },
  );
  t.pass();
});

t.test('passwords under names that are not English', async (t) => {
  const names = [
    'passwort',
    'DB_PASSWORT',
    'dbKennwort',
    'contraseña',
    'CONTRASENA',
    'mdp',
    'DB_MDP',
    'motDePasse',
  ];
  for (const name of [
    ...names,
    'mot_de_passe',
    'senha',
    'dbSenha',
    'wachtwoord',
    'heslo',
    'hasło',
    'parola',
    'passwort_2',
  ])
    for (const value of ['hunter22', '471147'])
      t.ok(looksSecret(`/${name}`, new Map([[`/${name}`, value]])), `${name}: ${value}`);
  for (const [name, value] of [
    ['passwort', '${DB_PASSWORT}'],
    ['kennwort_datei', 'geheim.txt'],
    ['passwort_laenge', '12'],
    ['stamdp', 'hunter22'],
    ['senhas_minimo', '12345'],
  ] as const)
    t.notOk(looksSecret(`/${name}`, new Map([[`/${name}`, value]])), `${name}: ${value}`);
});

t.test('a name that is a large number is no position', async (t) => {
  const { leaves } = declareYaml('{"a": {"18446744073709551616": "x", "999999999999": "y"}}');
  t.strictSame(unmarkedSecrets(leaves, new Set()), []);
});
