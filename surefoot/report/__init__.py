"""What happened, on one page that opens anywhere: a walk from its recording, a training from its folder."""
