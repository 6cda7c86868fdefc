// Commands on machines take as long as the host is busy; what has to be quick says so itself.

jest.setTimeout(60_000);
