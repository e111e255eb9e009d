/** What `iam@1` and `kms@1` need: the folder with the log files of a trail, and for whoever copies them there, the bucket. */
import { readsPath, type Grant } from '../grant.ts';
import { absolutePath } from '../target-form.ts';

/** The log files of a trail. */
export const FOLDER = absolutePath('the absolute path of a folder');

const COPYING: Grant = {
  lets: 'whoever copies the trail into the folder (`aws s3 sync s3://BUCKET FOLDER`) read its bucket and the keys of AWS',
  by: 'iam',
  statement: () =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::BUCKET' },
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::BUCKET/AWSLogs/*' },
        { Effect: 'Allow', Action: 'cloudtrail:ListPublicKeys', Resource: '*' },
      ],
    }),
};

export const READS_TRAIL = readsPath('read the log files of the trail');

/** The agent asks nothing of AWS. */
export const TRAIL_GRANTS: readonly Grant[] = [READS_TRAIL, COPYING];
