export { AgentDesk, CampaignPages, ImportWizard, LoginScreen, StoryPage, WhatIf } from './page-objects.ts';
