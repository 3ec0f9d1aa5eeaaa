"""What the custom widgets of the dashboard show, as HTML within CloudWatch's rules.

html       elements whose texts are escaped; buttons and forms as CloudWatch knows them
person     one contact: how things stand, its journeys, what happened
campaigns  the last runs of campaigns with their figures
funnel     where the contacts of a journey stand

No JavaScript, no pictures, no address of a person. A page says what it does not show.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html
"""
