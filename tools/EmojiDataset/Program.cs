using System.Text.Json;
using LatentDiffusion.Tools.EmojiDataset;

if (args.Length != 2)
{
    return Fail("usage: EmojiDataset <folder of the npm packages> <output.parquet>");
}

try
{
    var dataset = DatasetBuilder.Build(packagesFolder: args[0]);
    await DatasetFile.WriteAsync(dataset.Rows, args[1]);
    Console.WriteLine(Summary.Describe(dataset));
    return 0;
}
catch (Exception e) when (e is DatasetException or JsonException or IOException or UnauthorizedAccessException)
{
    return Fail($"error: {e.Message}");
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 2;
}
