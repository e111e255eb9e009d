/** The examiner of files in a worker of the explorer. */
import { answerFiles } from './thread.ts';

answerFiles(Date.now);
