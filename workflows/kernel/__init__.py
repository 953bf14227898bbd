"""What every case shares; knows no desk."""
