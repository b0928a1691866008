import { app } from '@azure/functions';
import { startBff } from 'entra-bff';
import { teamCard } from './team-card.ts';

startBff(app, process.env, teamCard);
