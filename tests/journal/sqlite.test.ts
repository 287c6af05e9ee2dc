import { openJournal } from '../../backend/journal/sqlite.ts';
import { describeJournal } from './contract.ts';

describeJournal('sqlite', { openJournal, isDurable: true });
