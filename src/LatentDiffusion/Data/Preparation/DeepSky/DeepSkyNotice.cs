using System.Globalization;
using System.Text;

namespace LatentDiffusion.Data.Preparation.DeepSky;

/// <summary>Tells whose the pictures of a prepared set are.</summary>
internal static class DeepSkyNotice
{
    /// <summary>Writes the notice: each picture with its credit, then the licences of the package.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="pictures">The pictures in the set.</param>
    /// <param name="copyrightFile">The package's licences; left out if there is no such file.</param>
    public static void Write(string path, IEnumerable<DeepSkyPicture> pictures, string copyrightFile)
    {
        var notice = new StringBuilder(
            """
            # Where these pictures come from

            They are reduced versions of the deep-sky photographs that Stellarium comes with (stellarium.org, package
            stellarium-data). Each has terms of its own: public domain, Creative Commons with credit, or free with credit. Name
            the owners below when you pass on the pictures.

            | picture | credit | from |
            |---|---|---|

            """.ReplaceLineEndings("\n")
        );
        foreach (var picture in pictures)
        {
            notice.Append(
                CultureInfo.InvariantCulture,
                $"| {Cell(picture.File)} | {Cell(picture.Credit)} | {Cell(picture.Address)} |\n"
            );
        }

        if (File.Exists(copyrightFile))
        {
            notice.Append("\n## Licences of the package\n\n");
            foreach (var line in File.ReadLines(copyrightFile))
            {
                notice.Append(CultureInfo.InvariantCulture, $"    {line}\n");
            }
        }

        File.WriteAllText(path, notice.ToString());
    }

    private static string Cell(string text) =>
        text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
