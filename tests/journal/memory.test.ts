import { openJournal } from '../../backend/journal/memory.ts';
import { describeJournal } from './contract.ts';

describeJournal('memory', { openJournal, isDurable: false });
