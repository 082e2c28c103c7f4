using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Checking;

/// <summary>Opens a table, decodes its images and looks for captions.</summary>
internal static class ParquetCheck
{
    public static void Run(string path, string name, Findings findings)
    {
        try
        {
            var source = ParquetImageSource.Open(path);
            var captioned = 0;
            for (var i = 0; i < source.Count; i++)
            {
                var record = source.Describe(i);
                captioned += string.IsNullOrWhiteSpace(record.Caption) ? 0 : 1;
                CheckedImage.Decode(record.Name, source.Read(i), findings);
            }

            findings.Add("parquet table", name, source.Count, $"{captioned} with a caption");
            if (captioned > 0 && captioned < source.Count)
            {
                findings.Complain(name, $"{source.Count - captioned} of {source.Count} rows have no caption");
            }
        }
        catch (UserInputException e)
        {
            findings.Complain(name, e.Message);
        }
    }
}
